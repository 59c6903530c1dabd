// medplum.mjs: the client of "@medplum/core" gets on with the server. node medplum.mjs BASE
import assert from "node:assert/strict";
import { MedplumClient } from "@medplum/core";

import { admission, checkOutcome, pages, patient, patients, perform, sameNumbers, server, system } from "./steps.mjs";

const [, origin, path] = server.match(/^(http:\/\/[^/]+)\/(.*)$/);
// Without a cache each question goes to the server.
const client = new MedplumClient({ baseUrl: `${origin}/`, fhirUrlPath: path, fetch, cacheTime: 0, resourceCacheSize: 1 });
let created;

async function refused(request, code, text) {
  try {
    await request;
  } catch (error) {
    checkOutcome(error.outcome, code, text);
    return;
  }
  throw new Error("it was not refused");
}

await perform({
  async create() {
    for (let number = 0; number < patients; number++) {
      const made = await client.createResource(patient(number));
      created ??= made;
    }
    assert.equal(created.meta.versionId, "1");
  },
  async read() {
    assert.deepEqual(await client.readResource("Patient", created.id, { cache: "reload" }), created);
    assert.deepEqual(await client.readVersion("Patient", created.id, "1"), created);
    assert.deepEqual(await client.readReference({ reference: `Patient/${created.id}` }), created);
  },
  async "conditional create"() {
    const again = await client.createResourceIfNoneExist(patient(0), `identifier=${system}|p0`);
    assert.equal(again.id, created.id);
    assert.equal(again.meta.versionId, "1");
  },
  async search() {
    const found = await client.searchResources("Patient", { name: "ada", "birthdate": "lt1970", gender: "female,other", _sort: "birthdate" });
    const wanted = Array.from({ length: patients }, (_, number) => patient(number)).filter(
      (one) => one.gender === "female" && one.birthDate < "1970",
    );
    assert.deepEqual(found.map((one) => one.birthDate), wanted.map((one) => one.birthDate).sort());
    const one = await client.searchOne("Patient", `identifier=${system}|p4`);
    assert.equal(one.identifier[0].value, "p4");
  },
  async page() {
    const found = [];
    let count = 0;
    for await (const page of client.searchResourcePages("Patient", { family: "Okafor", _count: 5 })) {
      found.push(...page);
      count++;
    }
    sameNumbers(found);
    assert.equal(count, pages);
  },
  async update() {
    const options = { headers: { "If-Match": 'W/"1"' } };
    const changed = await client.updateResource({ ...created, active: true }, options);
    assert.equal(changed.meta.versionId, "2");
    await refused(client.updateResource({ ...created, active: false }, options), "conflict", /version/i);
  },
  async "conditional update"() {
    const changed = await client.upsertResource({ ...patient(1), active: false }, `identifier=${system}|p1`);
    assert.equal(changed.meta.versionId, "2");
  },
  async patch() {
    const patched = await client.patchResource("Patient", created.id, [
      { op: "replace", path: "/gender", value: "other" },
      { op: "add", path: "/deceasedBoolean", value: false },
    ]);
    assert.equal(patched.gender, "other");
    assert.equal(patched.deceasedBoolean, false);
    await refused(client.patchResource("Patient", created.id, [{ op: "test", path: "/active", value: false }]), "business-rule", /active/);
  },
  async "transaction and batch"() {
    const reply = await client.executeBatch(admission(100));
    assert.deepEqual(reply.entry.map((one) => one.response.status.slice(0, 3)), ["201", "201", "201"]);
    const found = await client.searchResources("Observation", `patient.identifier=${system}|p100&value-quantity=gt70`);
    assert.deepEqual(found.map((one) => one.valueQuantity.value), [74.5]);
    await refused(client.executeBatch(admission(101, true)), "required", /status/);
    assert.equal(await client.searchOne("Patient", `identifier=${system}|p101`, { cache: "reload" }), undefined);
  },
  async history() {
    const bundle = await client.readHistory("Patient", created.id);
    assert.deepEqual(bundle.entry.map((one) => one.resource.meta.versionId), ["3", "2", "1"]);
  },
  async "value sets"() {
    const expanded = await client.valueSetExpand({ url: "http://hl7.org/fhir/ValueSet/administrative-gender", filter: "fem" });
    assert.deepEqual(expanded.expansion.contains.map((one) => one.code), ["female"]);
  },
  async delete() {
    await client.deleteResource("Patient", created.id);
    await refused(client.readResource("Patient", created.id, { cache: "reload" }), "deleted", new RegExp(created.id));
  },
  async errors() {
    await refused(client.readResource("Patient", "nobody"), "not-found", /nobody/);
    await refused(client.searchResources("Patient", { gendre: "female" }), "not-supported", /gendre/);
    await refused(client.createResource({ ...patient(1), birthDate: "2024-02-30" }), "value", /birthDate/);
  },
});
