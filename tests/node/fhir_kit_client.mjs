// fhir_kit_client.mjs: the client "fhir-kit-client" gets on with the server. node fhir_kit_client.mjs BASE
import assert from "node:assert/strict";
import Client from "fhir-kit-client";

import { admission, checkOutcome, pages, patient, patients, perform, sameNumbers, server, system } from "./steps.mjs";

const client = new Client({ baseUrl: server });
const resourceType = "Patient";
const headersOf = (resource) => Client.httpFor(resource).response.headers;
let created;

async function refused(request, status, code, text) {
  try {
    await request;
  } catch (error) {
    assert.equal(error.response.status, status, JSON.stringify(error.response.data));
    checkOutcome(error.response.data, code, text);
    return;
  }
  throw new Error("it was not refused");
}

await perform({
  async capabilities() {
    const statement = await client.capabilityStatement();
    assert.equal(statement.fhirVersion, "4.0.1");
    const names = statement.rest[0].resource.find((one) => one.type === "Patient").interaction.map((one) => one.code);
    for (const name of ["read", "vread", "update", "patch", "delete", "history-instance", "create", "search-type"]) {
      assert.ok(names.includes(name), name);
    }
  },
  async create() {
    for (let number = 0; number < patients; number++) {
      const made = await client.create({ resourceType, body: patient(number) });
      created ??= made;
    }
    assert.equal(headersOf(created).get("etag"), 'W/"1"');
    assert.equal(headersOf(created).get("location"), `${server}/Patient/${created.id}/_history/1`);
  },
  async read() {
    assert.deepEqual(await client.read({ resourceType, id: created.id }), created);
    assert.deepEqual(await client.vread({ resourceType, id: created.id, version: "1" }), created);
    assert.deepEqual(await client.resolve({ reference: `Patient/${created.id}` }), created);
  },
  async "conditional create"() {
    const again = await client.create({
      resourceType, body: patient(0), options: { headers: { "If-None-Exist": `identifier=${system}|p0` } },
    });
    assert.equal(again.id, created.id);
    assert.equal(Client.httpFor(again).response.status, 200);
  },
  async "search by GET and POST"() {
    for (const postSearch of [false, true]) {
      const bundle = await client.resourceSearch({
        resourceType, searchParams: { name: ["ada", "n7"], gender: "female", _total: "accurate" }, options: { postSearch },
      });
      assert.equal(bundle.total, 1);
      assert.equal(bundle.entry[0].resource.identifier[0].value, "p7");
      assert.equal(bundle.entry[0].fullUrl, `${server}/Patient/${bundle.entry[0].resource.id}`);
    }
  },
  async page() {
    const found = [];
    let count = 0;
    let bundle = await client.search({ resourceType, searchParams: { family: "Okafor", _count: 5, _sort: "-birthdate,_id" } });
    for (; bundle; bundle = await client.nextPage({ bundle })) {
      found.push(...bundle.entry.map((one) => one.resource));
      count++;
    }
    sameNumbers(found);
    assert.equal(count, pages);
    const order = found.map((one) => one.birthDate);
    assert.deepEqual(order, [...order].sort().reverse());
  },
  async update() {
    const body = { ...created, active: true };
    const options = { headers: { "If-Match": 'W/"1"' } };
    const changed = await client.update({ resourceType, id: created.id, body, options });
    assert.equal(changed.meta.versionId, "2");
    await refused(client.update({ resourceType, id: created.id, body, options }), 412, "conflict", /version/i);
  },
  async "conditional update"() {
    const body = { ...patient(1), active: false };
    const changed = await client.update({ resourceType, searchParams: { identifier: `${system}|p1` }, body });
    assert.equal(changed.meta.versionId, "2");
    const made = await client.update({ resourceType, searchParams: { identifier: `${system}|p200` }, body: patient(200, "New") });
    assert.equal(Client.httpFor(made).response.status, 201);
  },
  async patch() {
    const options = { headers: { "If-Match": 'W/"2"' } };
    const JSONPatch = [{ op: "replace", path: "/gender", value: "other" }];
    const patched = await client.patch({ resourceType, id: created.id, JSONPatch, options });
    assert.equal(patched.gender, "other");
    await refused(client.patch({ resourceType, id: created.id, JSONPatch, options }), 412, "conflict", /version/i);
    const away = [{ op: "remove", path: "/maritalStatus" }];
    await refused(client.patch({ resourceType, id: created.id, JSONPatch: away }), 422, "not-found", /maritalStatus/);
  },
  async "transaction and batch"() {
    const reply = await client.transaction({ body: admission(100) });
    assert.deepEqual(reply.entry.map((one) => one.response.status.slice(0, 3)), ["201", "201", "201"]);
    const again = await client.batch({
      body: {
        resourceType: "Bundle", type: "batch",
        entry: [
          { request: { method: "GET", url: reply.entry[0].response.location.replace(/\/_history.*/, "") } },
          { request: { method: "GET", url: "Patient/nobody" } },
        ],
      },
    });
    assert.deepEqual(again.entry.map((one) => one.response.status.slice(0, 3)), ["200", "404"]);
    assert.equal(again.entry[0].resource.identifier[0].value, "p100");
    await refused(client.transaction({ body: admission(101, true) }), 422, "required", /status/);
    const none = await client.search({ resourceType, searchParams: { identifier: `${system}|p101` } });
    assert.equal(none.total, 0);
  },
  async "compartment and system search"() {
    const person = (await client.search({ resourceType, searchParams: { identifier: `${system}|p100` } })).entry[0].resource;
    const bundle = await client.compartmentSearch({
      resourceType: "Observation", compartment: { resourceType, id: person.id }, searchParams: { code: "http://loinc.org|8867-4" },
    });
    assert.equal(bundle.entry.length, 2);
    const both = await client.systemSearch({ searchParams: { _type: "Patient,Observation", _id: person.id } });
    assert.equal(both.entry.length, 1);
  },
  async operation() {
    const expanded = await client.operation({
      name: "$expand", resourceType: "ValueSet", method: "GET",
      input: { url: "http://hl7.org/fhir/ValueSet/administrative-gender" },
    });
    assert.deepEqual(expanded.expansion.contains.map((one) => one.code).sort(), ["female", "male", "other", "unknown"]);
  },
  async history() {
    const versions = (bundle) => bundle.entry.map((one) => one.resource.meta.versionId);
    assert.deepEqual(versions(await client.history({ resourceType, id: created.id })), ["3", "2", "1"]);
    const ofType = await client.typeHistory({ resourceType });
    assert.equal(ofType.type, "history");
    const all = await client.systemHistory();
    assert.equal(all.entry[0].request.method, "POST");
  },
  async delete() {
    await client.delete({ resourceType, id: created.id });
    await refused(client.read({ resourceType, id: created.id }), 410, "deleted", new RegExp(created.id));
  },
  async errors() {
    await refused(client.read({ resourceType, id: "nobody" }), 404, "not-found", /nobody/);
    await refused(client.search({ resourceType, searchParams: { gendre: "female" } }), 400, "not-supported", /gendre/);
    await refused(client.create({ resourceType, body: { ...patient(1), birthDate: "2024-02-30" } }), 422, "value", /birthDate/);
  },
});
