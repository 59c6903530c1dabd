// steps.mjs: a client's steps, one after the other. Prints "did NAME" for each and "all N" at the end;
// the first that fails ends the program with what was wrong.
import assert from "node:assert/strict";

export const server = process.argv[2];
export const pages = 7;
export const patients = 31; // of five a page: six full pages and one

export async function perform(steps) {
  for (const [name, act] of Object.entries(steps)) {
    try {
      await act();
    } catch (error) {
      const outcome = error?.response?.data ?? error?.outcome;
      console.error(`${name}: ${error.stack ?? JSON.stringify(error)}`);
      console.error(outcome ? JSON.stringify(outcome) : "");
      process.exit(1);
    }
    console.log(`did ${name}`);
  }
  console.log(`all ${Object.keys(steps).length}`);
}

export const system = "urn:example:mrn";

export function patient(number, family = "Okafor") {
  return {
    resourceType: "Patient",
    identifier: [{ system, value: `p${number}` }],
    name: [{ family, given: ["Ada", `N${number}`] }],
    gender: number % 2 ? "female" : "male",
    birthDate: `19${60 + (number % 40)}-02-${String(1 + (number % 28)).padStart(2, "0")}`,
  };
}

export const sameNumbers = (found) =>
  assert.deepEqual(
    found.map((one) => one.identifier[0].value).sort(),
    Array.from({ length: patients }, (_, i) => `p${i}`).sort(),
  );

// One Bundle that creates a patient and two observations of him, and changes nothing if one is wrong.
export function admission(number, faulty = false) {
  const subject = { reference: "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a" };
  const observation = (value) => ({
    resource: {
      resourceType: "Observation",
      status: "final",
      code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
      subject,
      effectiveDateTime: "2024-02-29T10:11:12Z",
      valueQuantity: { value, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
    },
    request: { method: "POST", url: "Observation" },
  });
  const bundle = {
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      {
        fullUrl: subject.reference,
        resource: patient(number, "Admitted"),
        request: { method: "POST", url: "Patient", ifNoneExist: `identifier=${system}|p${number}` },
      },
      observation(61),
      observation(74.5),
    ],
  };
  if (faulty) delete bundle.entry[2].resource.status;
  return bundle;
}

// What an OperationOutcome must hold for a person to act on it.
export function checkOutcome(outcome, code, text) {
  assert.equal(outcome?.resourceType, "OperationOutcome", JSON.stringify(outcome));
  const issue = outcome.issue[0];
  assert.equal(issue.severity, "error");
  assert.equal(issue.code, code, JSON.stringify(issue));
  assert.match(`${issue.diagnostics} ${issue.expression ?? ""}`, text);
}
