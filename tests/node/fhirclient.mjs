// fhirclient.mjs: the SMART client "fhirclient" gets on with the server. node fhirclient.mjs BASE
import assert from "node:assert/strict";
import smart from "fhirclient";

import { admission, pages, patient, patients, perform, sameNumbers, server, system } from "./steps.mjs";

const client = smart({ headers: {} }, {}, {}).client({ serverUrl: server });
const headers = { "content-type": "application/fhir+json" };
let created;

async function refused(request) {
  try {
    await request;
  } catch (error) {
    return error;
  }
  throw new Error("it was not refused");
}

await perform({
  async release() {
    assert.equal(await client.getFhirRelease(), 4);
  },
  async create() {
    const all = [];
    for (let number = 0; number < patients; number++) all.push(await client.create(patient(number)));
    created = all[0];
    assert.equal(created.meta.versionId, "1");
    assert.deepEqual(created.name, patient(0).name);
  },
  async read() {
    assert.deepEqual(await client.request(`Patient/${created.id}`), created);
  },
  async "conditional create"() {
    const again = await client.create(patient(0), { headers: { ...headers, "if-none-exist": `identifier=${system}|p0` } });
    assert.equal(again.id, created.id);
  },
  async search() {
    const bundle = await client.request(`Patient?gender=female&birthdate=ge1970&_total=accurate&_sort=-birthdate`);
    const wanted = Array.from({ length: patients }, (_, number) => patient(number)).filter(
      (one) => one.gender === "female" && one.birthDate >= "1970",
    );
    assert.equal(bundle.total, wanted.length);
    assert.deepEqual(
      bundle.entry.map((one) => one.resource.birthDate),
      wanted.map((one) => one.birthDate).sort().reverse(),
    );
  },
  async "search by POST"() {
    const body = new URLSearchParams({ identifier: `${system}|p3` }).toString();
    const bundle = await client.request({
      url: "Patient/_search", method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    assert.deepEqual(bundle.entry.map((one) => one.resource.identifier[0].value), ["p3"]);
  },
  async page() {
    const shown = [];
    await client.request(`Patient?family=okafor&_count=5`, { flat: true, pageLimit: 0, onPage: (page) => shown.push(page) });
    sameNumbers(shown.flat());
    assert.equal(shown.length, pages);
    sameNumbers(await client.request(`Patient?family=okafor&_count=5`, { flat: true, pageLimit: 0 }));
  },
  async update() {
    const changed = await client.update({ ...created, active: true }, { headers: { ...headers, "if-match": 'W/"1"' } });
    assert.equal(changed.meta.versionId, "2");
    const error = await refused(client.update(created, { headers: { ...headers, "if-match": 'W/"1"' } }));
    assert.equal(error.status, 412);
  },
  async patch() {
    const patched = await client.patch(`Patient/${created.id}`, [
      { op: "test", path: "/active", value: true },
      { op: "replace", path: "/gender", value: "other" },
      { op: "add", path: "/name/0/given/-", value: "Mary" },
    ]);
    assert.equal(patched.gender, "other");
    assert.deepEqual(patched.name[0].given, ["Ada", "N0", "Mary"]);
  },
  async transaction() {
    const reply = await client.request({ url: "", method: "POST", body: JSON.stringify(admission(100)), headers });
    assert.deepEqual(reply.entry.map((one) => one.response.status.slice(0, 3)), ["201", "201", "201"]);
    const observation = await client.request(reply.entry[2].response.location, { resolveReferences: ["subject"] });
    assert.equal(observation.subject.identifier[0].value, "p100");
    assert.equal(observation.valueQuantity.value, 74.5);
  },
  async "transaction refused whole"() {
    const error = await refused(client.request({ url: "", method: "POST", body: JSON.stringify(admission(101, true)), headers }));
    assert.equal(error.status, 422);
    assert.match(error.message, /status/);
    assert.equal((await client.request(`Patient?identifier=${system}|p101&_summary=count`)).total, 0);
  },
  async references() {
    const found = await client.request(`Observation?patient:Patient.identifier=${system}|p100&_include=Observation:patient`, {
      flat: true,
    });
    assert.deepEqual(found.map((one) => one.resourceType).sort(), ["Observation", "Observation", "Patient"]);
  },
  async history() {
    const bundle = await client.request(`Patient/${created.id}/_history`);
    assert.deepEqual(bundle.entry.map((one) => one.resource.meta.versionId), ["3", "2", "1"]);
    assert.equal((await client.request(`Patient/${created.id}/_history/1`)).gender, "male");
  },
  async delete() {
    await client.delete(`Patient/${created.id}`);
    assert.equal((await refused(client.request(`Patient/${created.id}`))).status, 410);
    assert.equal((await client.request(`Patient?_id=${created.id}`)).total, 0);
  },
  async errors() {
    const missing = await refused(client.request("Patient/nobody"));
    assert.equal(missing.status, 404);
    const unknown = await refused(client.request("Patient?gendre=female"));
    assert.equal(unknown.status, 400);
    assert.match(unknown.message, /gendre/); // what the server said reaches the person at the client
  },
});
