// search_values.mjs: what search finds a resource by, computed with the FHIRPath of others from the
// expressions of the SearchParameters, and turned into values as https://hl7.org/fhir/R4/search.html
// says, type by type. Shares nothing with the server but how a value is written down (the head of
// src/cli/tools/postings.cpp).
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const fhirpath = require("fhirpath");
const r4 = require("fhirpath/fhir-context/r4");

const text_bytes_max = 512; // longer ones are cut in the keys

export class Oracle {
  // `folder`: the npm package hl7.fhir.r4.examples
  constructor(folder) {
    const bundle = JSON.parse(fs.readFileSync(`${folder}/Bundle-searchParams.json`, "utf8"));
    this.parameters = bundle.entry.map((entry) => entry.resource);
    this.byUrl = new Map(this.parameters.map((one) => [one.url, one]));
    const types = JSON.parse(fs.readFileSync(`${folder}/Bundle-resources.json`, "utf8")).entry.map((entry) => entry.resource);
    this.types = new Set(types.filter((one) => one.kind === "resource" && !one.abstract).map((one) => one.type));
    this.compiled = new Map();
    const compartment = JSON.parse(fs.readFileSync(`${folder}/CompartmentDefinition-patient.json`, "utf8"));
    this.patientParameters = new Map(compartment.resource.map((one) => [one.code, one.param ?? []]));
  }

  // https://hl7.org/fhir/R4/compartmentdefinition-patient.html: ids of the patients in whose compartment it lies
  patients(resource) {
    const codes = this.patientParameters.get(resource.resourceType) ?? [];
    const found = this.of(resource.resourceType)
      .filter((one) => codes.includes(one.code))
      .flatMap((one) => one.values(resource).map((text) => JSON.parse(text)))
      .filter(([type]) => type === "Patient")
      .map(([, id]) => id);
    return [...new Set(resource.resourceType === "Patient" ? [...found, resource.id] : found)].sort();
  }

  // Parameters of a type: [{code, type, values(resource) → [value, …]}]
  of(type) {
    if (!this.compiled.has(type)) {
      const isDomain = !["Bundle", "Binary", "Parameters"].includes(type);
      const bases = ["Resource", ...(isDomain ? ["DomainResource"] : []), type];
      const mine = this.parameters.filter((one) => one.expression && one.type !== "special" && one.base.some((base) => bases.includes(base)));
      this.compiled.set(type, mine.map((one) => ({ code: one.code, type: one.type, values: this.reader(one, type) })));
    }
    return this.compiled.get(type);
  }

  reader(parameter, type) {
    if (parameter.type === "composite") return this.compositeReader(parameter, type);
    const found = branches(parameter.expression, type).map((one) => this.typedReader(one));
    return (resource) => {
      const values = found.flatMap((read) => read(resource)).flatMap((item) => this.values(parameter.type, item));
      return [...new Set(values.map((one) => JSON.stringify(one)))].sort();
    };
  }

  // Items of an expression with their FHIR types: [{value, type}]
  typedReader({ expression, leadsTo }) {
    const items = fhirpath.compile(expression, r4, { resolveInternalTypes: false });
    const types = fhirpath.compile(`(${expression}).select(type().name)`, r4, { resolveInternalTypes: false });
    return (resource) => {
      const found = items(resource, { resource });
      if (found.length === 0) return [];
      const names = types(resource, { resource });
      if (names.length !== found.length) throw new Error(`${expression}: ${found.length} values, ${names.length} types`);
      return found.map((value, i) => ({ value: plain(value), type: names[i], leadsTo })).filter((one) => one.value != null);
    };
  }

  // https://hl7.org/fhir/R4/search.html#composite: each combination of the parts of one value
  compositeReader(parameter, type) {
    const parts = (base) =>
      parameter.component.map((part) => {
        const definition = this.byUrl.get(part.definition);
        const found = part.expression.split("|").map((one) => this.typedReader({ expression: `${base}.select(${typed(one.trim())})` }));
        return (resource) => unique(found.flatMap((read) => read(resource)).flatMap((item) => this.values(definition.type, item)));
      });
    const bases = branches(parameter.expression, type).map(({ expression }) => ({
      count: fhirpath.compile(`(${expression}).count()`, r4), expression, at: [],
    }));
    return (resource) => {
      const values = [];
      for (const base of bases) {
        const count = base.count(resource)[0];
        for (let i = 0; i < count; i++) {
          base.at[i] ??= parts(`(${base.expression})[${i}]`);
          const found = base.at[i].map((read) => read(resource));
          values.push(...found.reduce((all, part) => all.flatMap((one) => part.map((value) => [...one, value])), [[]]));
        }
      }
      return [...new Set(values.map((one) => JSON.stringify(one)))].sort();
    };
  }

  values(kind, item) {
    switch (kind) {
      case "token": return tokens(item);
      case "reference": return this.references(item);
      case "date": return dates(item);
      case "number": return numbers(item);
      case "quantity": return quantities(item);
      case "string": return strings(item);
      case "uri": return [cut(item.value)];
      default: throw new Error(`a parameter of type ${kind}`);
    }
  }

  // https://hl7.org/fhir/R4/search.html#reference
  references({ value, type, leadsTo }) {
    if (typeof value === "object" && value.resourceType) return value.id ? [[value.resourceType, value.id]] : [];
    if (type === "canonical") return this.targets(value, true);
    if (typeof value === "string") return this.targets(value, false);
    const found = this.targets(value.reference ?? "", false).filter(([target]) => !leadsTo || target === leadsTo);
    if (!leadsTo && value.identifier?.value) {
      found.push(["identifier", cut(value.identifier.system ?? ""), cut(value.identifier.value)]);
    }
    return found;
  }

  targets(text, isCanonical) {
    if (text === "" || text.startsWith("#")) return [];
    const literal = /^([A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(text);
    if (!isCanonical && literal && this.types.has(literal[1])) return [[literal[1], literal[2]]];
    const [url, ...version] = isCanonical ? text.split("|") : [text];
    return [[null, cut(url), cut(version.join("|"))]];
  }
}

// The branches of an expression that are about `type`. `where(resolve() is T)` asks where a reference
// leads: that is looked at in its text.
function branches(expression, type) {
  return expression
    .split("|")
    .map((one) => one.trim())
    .filter((one) => {
      const begins = /^\(?([A-Za-z]+)/.exec(one)[1];
      return /^[a-z]/.test(begins) || [type, "Resource", "DomainResource"].includes(begins);
    })
    .map((one) => {
      const leadsTo = /\.where\(resolve\(\) is (\w+)\)/.exec(one);
      return { expression: typed(one.replace(leadsTo?.[0] ?? "", "")), leadsTo: leadsTo?.[1] };
    });
}

// `as` takes one value only (http://hl7.org/fhirpath/#as-type-specifier); what is meant is ofType().
function typed(expression) {
  return expression.replace(/([\w.]+) as (\w+)/g, "$1.ofType($2)").replace(/\.as\((\w+)\)/g, ".ofType($1)");
}

function plain(value) {
  return value !== null && typeof value === "object" && typeof value.asStr === "string" ? value.asStr : value;
}

const unique = (values) => [...new Map(values.map((one) => [JSON.stringify(one), one])).values()];

export function cut(text) {
  const bytes = Buffer.from(String(text), "utf8");
  if (bytes.length <= text_bytes_max) return String(text);
  let end = text_bytes_max;
  if ((bytes[end] & 0xc0) === 0x80) while ((bytes[--end] & 0xc0) === 0x80);
  return { cut: bytes.subarray(0, end).toString("utf8") };
}

// https://hl7.org/fhir/R4/search.html#token
function tokens({ value, type }) {
  const pair = (code, system) => (code || system ? [[cut(code ?? ""), cut(system ?? "")]] : []);
  switch (type) {
    case "CodeableConcept":
      return value.coding ? value.coding.flatMap((one) => pair(one.code, one.system)) : [["", ""]];
    case "Coding": return pair(value.code, value.system);
    case "Identifier": return pair(value.value, value.system);
    case "ContactPoint": return pair(value.value, "");
    case "Reference": return []; // a part of a composite whose element may be one
    default:
      if (typeof value === "object") throw new Error(`a token of type ${type}`);
      return [[cut(value), ""]];
  }
}

// https://hl7.org/fhir/R4/search.html#date: [from, until) in milliseconds
function instants(text) {
  if (text === undefined) return undefined;
  const match = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.exec(text);
  if (!match) throw new Error(`no date: ${text}`);
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const utc = (...at) => { // years below 100 are years below 100
    const date = new Date(0);
    date.setUTCFullYear(at[0], at[1] ?? 0, at[2] ?? 1);
    date.setUTCHours(at[3] ?? 0, at[4] ?? 0, at[5] ?? 0, 0);
    return date.getTime();
  };
  if (!month) return [utc(+year), utc(+year + 1)];
  if (!day) return [utc(+year, month - 1), utc(+year, +month)];
  if (!hour) return [utc(+year, month - 1, +day), utc(+year, month - 1, +day + 1)];
  const offset = zone === "Z" ? 0 : Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60_000;
  const from = utc(+year, month - 1, +day, +hour, +minute, +second) - offset;
  if (!fraction) return [from, from + 1000];
  const digits = fraction.slice(1, 4);
  const step = 10 ** (3 - digits.length);
  return [from + Number(digits) * step, from + Number(digits) * step + step];
}

function dates({ value, type }) {
  if (type === "Period") {
    const [start, end] = [instants(value.start), instants(value.end)];
    return start || end ? [[start?.[0] ?? null, end?.[1] ?? null]] : [];
  }
  if (type === "Timing") { // "only the outer limits matter"
    const all = (value.event ?? []).map(instants);
    all.push(...dates({ value: value.repeat?.boundsPeriod ?? {}, type: "Period" }));
    if (all.length === 0) return [];
    const [from, until] = [all.map((one) => one[0]), all.map((one) => one[1])];
    return [[from.includes(null) ? null : Math.min(...from), until.includes(null) ? null : Math.max(...until)]];
  }
  return ["date", "dateTime", "instant"].includes(type) ? [instants(value)] : []; // "daily" is none
}

// https://hl7.org/fhir/R4/search.html#number
function numbers({ value, type }) {
  if (type === "Range") return limits(value);
  return [[Number(value), Number(value)]];
}

function limits({ low, high }) {
  const found = [low?.value ?? null, high?.value ?? null];
  return found[0] === null && found[1] === null ? [] : [found];
}

// https://hl7.org/fhir/R4/search.html#quantity
function quantities({ value, type }) {
  const unit = (of) => [cut(of.system ?? ""), cut(of.code ?? ""), cut((of.unit ?? "") === (of.code ?? "") ? "" : of.unit ?? "")];
  if (type === "Range") {
    return limits(value).map((found) => [...unit(value.low?.value !== undefined ? value.low : value.high), ...found]);
  }
  if (type === "SampledData") return []; // the standard says nothing of how it would be compared
  if (value.value === undefined) return [];
  if (type === "Money") return [["urn:iso:std:iso:4217", value.currency ?? "", "", value.value, value.value]];
  const below = value.comparator?.startsWith("<");
  const above = value.comparator?.startsWith(">");
  return [[...unit(value), below ? null : value.value, above ? null : value.value]];
}

// https://hl7.org/fhir/R4/search.html#string: any part of a name or an address
function strings({ value, type }) {
  const parts = {
    HumanName: ["text", "family", "given", "prefix", "suffix"],
    Address: ["text", "line", "city", "district", "state", "postalCode", "country"],
  }[type];
  const texts = parts ? parts.flatMap((part) => value[part] ?? []) : [value];
  if (texts.some((one) => typeof one === "object" && one !== null)) throw new Error(`a string of type ${type}`);
  return texts.filter((one) => one !== null).map((one) => cut(fold(one)));
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
