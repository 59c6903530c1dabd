// postings.mjs PACKAGE [REASONS]: compares what lies in the indexes (lines of holdfast_postings on stdin) with
// what FHIRPath by others finds in the same resources. REASONS is a JSON file: why which parameters deviate,
// {"Type.code": "reason"}; one that does not is as wrong as one that deviates without being there.
import fs from "node:fs";
import readline from "node:readline";

import { Oracle } from "./search_values.mjs";

const shown_max = 1000; // of each parameter the first is shown
// They lie in tables of their own, whose contents other tests know.
const elsewhere = new Set(["_id", "_lastUpdated"]);
const oracle = new Oracle(process.argv[2]);
const reasons = process.argv[3] ? JSON.parse(fs.readFileSync(process.argv[3], "utf8")) : {};
const counts = { resources: 0, patients: 0, comparisons: 0, values: 0, differences: 0 };
const unindexed = new Set();
const deviating = new Set();
const types = new Set();
const parameters = new Set();

// Decimals lie in keys as text; they are the same number.
function ours(kind, value) {
  if (kind === "number") return value.map((end) => (end === null ? null : Number(end)));
  if (kind === "quantity") return [...value.slice(0, 3), ...ours("number", value.slice(3))];
  return value;
}

function part_kinds(parameter) {
  return oracle.parameters.find((one) => one.code === parameter.code && one.type === "composite" && one.base.includes(parameter.of))
    .component.map((one) => oracle.byUrl.get(one.definition).type);
}

function compare(resource, parameter, found) {
  const kinds = parameter.type === "composite" ? part_kinds({ ...parameter, of: resource.resourceType }) : null;
  const read = (value) => (kinds ? value.map((one, i) => ours(kinds[i], one)) : ours(parameter.type, value));
  const stored = [...new Set(found.map((one) => JSON.stringify(read(one))))].sort();
  const computed = parameter.values(resource);
  counts.comparisons++;
  counts.values += computed.length;
  if (computed.length > 0) parameters.add(`${resource.resourceType}.${parameter.code}`);
  if (stored.length === computed.length && stored.every((one, i) => one === computed[i])) return;
  const name = `${resource.resourceType}.${parameter.code}`;
  const first = !deviating.has(name);
  deviating.add(name);
  if (reasons[name]) return;
  if (++counts.differences <= shown_max && first) {
    console.error(`${name} of ${resource.resourceType}/${resource.id}:`);
    console.error(`  ours   ${stored.filter((one) => !computed.includes(one)).join(" ").slice(0, 600)}`);
    console.error(`  theirs ${computed.filter((one) => !stored.includes(one)).join(" ").slice(0, 600)}`);
  }
}

for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { resource, patients, values } = JSON.parse(line);
  counts.resources++;
  const theirs = oracle.patients(resource);
  counts.patients += theirs.length;
  if (JSON.stringify([...new Set(patients)].sort()) !== JSON.stringify(theirs)) {
    counts.differences++;
    console.error(`${resource.resourceType}/${resource.id} lies in the compartments of ${patients}, theirs ${theirs}`);
  }
  types.add(resource.resourceType);
  for (const parameter of oracle.of(resource.resourceType)) {
    if (elsewhere.has(parameter.code)) continue;
    if (!(parameter.code in values)) {
      unindexed.add(parameter.code);
      continue;
    }
    try {
      compare(resource, parameter, values[parameter.code]);
    } catch (error) {
      throw new Error(`${resource.resourceType}/${resource.id} ${parameter.code}: ${error.message}`, { cause: error });
    }
  }
}

const stale = Object.keys(reasons).filter((name) => !deviating.has(name));
console.log(JSON.stringify({
  ...counts, types: types.size, parameters: parameters.size, unindexed: [...unindexed].sort(), explained: deviating.size, stale,
}));
process.exit(counts.differences > 0 || stale.length > 0 ? 1 : 0);
