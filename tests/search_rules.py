"""search_rules.py: what a search must find, by looking at every resource: the rules of
https://hl7.org/fhir/R4/search.html in Python, for search_oracle_test.py. Shares nothing with the
program: parameters are written down here as member names, and values are compared as the standard says.
"""
import calendar
import datetime
import decimal
import fractions
import functools
import unicodedata

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)

# type -> code -> (kind, paths). A path is member names; a Codeable ends at itself.
PARAMETERS = {
    "Patient": {
        "gender": ("token", ["gender"]), "birthdate": ("date", ["birthDate"]), "deceased": ("token", []),
        "death-date": ("date", ["deceasedDateTime"]), "family": ("string", ["name.family"]),
        "given": ("string", ["name.given"]), "name": ("string", ["name"]),
        "address": ("string", ["address"]), "address-city": ("string", ["address.city"]),
        "address-state": ("string", ["address.state"]), "address-postalcode": ("string", ["address.postalCode"]),
        "identifier": ("token", ["identifier"]), "telecom": ("token", ["telecom"]),
        "language": ("token", ["communication.language"])},
    "Observation": {
        "code": ("token", ["code"]), "category": ("token", ["category"]), "status": ("token", ["status"]),
        "date": ("date", ["effectiveDateTime", "effectivePeriod", "effectiveInstant"]),
        "subject": ("reference", ["subject"]), "patient": ("reference", ["subject"]),
        "encounter": ("reference", ["encounter"]), "value-quantity": ("quantity", ["valueQuantity"]),
        "value-concept": ("token", ["valueCodeableConcept"]),
        "component-code": ("token", ["component.code"]), "combo-code": ("token", ["code", "component.code"]),
        "component-value-quantity": ("quantity", ["component.valueQuantity"]),
        "combo-value-quantity": ("quantity", ["valueQuantity", "component.valueQuantity"])},
    "Encounter": {
        "class": ("token", ["class"]), "type": ("token", ["type"]), "status": ("token", ["status"]),
        "date": ("date", ["period"]), "subject": ("reference", ["subject"]), "patient": ("reference", ["subject"]),
        "service-provider": ("reference", ["serviceProvider"]), "reason-code": ("token", ["reasonCode"]),
        "participant": ("reference", ["participant.individual"]), "identifier": ("token", ["identifier"])},
    "Condition": {
        "code": ("token", ["code"]), "clinical-status": ("token", ["clinicalStatus"]),
        "verification-status": ("token", ["verificationStatus"]), "category": ("token", ["category"]),
        "onset-date": ("date", ["onsetDateTime"]), "abatement-date": ("date", ["abatementDateTime"]),
        "recorded-date": ("date", ["recordedDate"]), "subject": ("reference", ["subject"]),
        "patient": ("reference", ["subject"]), "encounter": ("reference", ["encounter"])},
    "Procedure": {
        "code": ("token", ["code"]), "status": ("token", ["status"]),
        "date": ("date", ["performedPeriod", "performedDateTime"]), "patient": ("reference", ["subject"]),
        "encounter": ("reference", ["encounter"]), "reason-reference": ("reference", ["reasonReference"])},
    "MedicationRequest": {
        "status": ("token", ["status"]), "intent": ("token", ["intent"]), "authoredon": ("date", ["authoredOn"]),
        "patient": ("reference", ["subject"]), "requester": ("reference", ["requester"]),
        "code": ("token", ["medicationCodeableConcept"]), "encounter": ("reference", ["encounter"])},
    "Immunization": {
        "vaccine-code": ("token", ["vaccineCode"]), "date": ("date", ["occurrenceDateTime"]),
        "patient": ("reference", ["patient"]), "status": ("token", ["status"])},
    "DiagnosticReport": {
        "code": ("token", ["code"]), "category": ("token", ["category"]), "date": ("date", ["effectiveDateTime"]),
        "issued": ("date", ["issued"]), "patient": ("reference", ["subject"]), "result": ("reference", ["result"])},
    "Claim": {
        "created": ("date", ["created"]), "use": ("token", ["use"]), "patient": ("reference", ["patient"]),
        "provider": ("reference", ["provider"]), "priority": ("token", ["priority"])},
    "Organization": {
        "name": ("string", ["name", "alias"]), "address-city": ("string", ["address.city"]),
        "identifier": ("token", ["identifier"]), "active": ("token", ["active"]), "type": ("token", ["type"])},
    "Practitioner": {
        "family": ("string", ["name.family"]), "gender": ("token", ["gender"]),
        "identifier": ("token", ["identifier"]), "active": ("token", ["active"])},
}
# type -> code -> (path of the value that has the parts, part, part)
COMPOSITES = {"Observation": {
    "code-value-quantity": ("", ("token", "code"), ("quantity", "valueQuantity")),
    "code-value-date": ("", ("token", "code"), ("date", "valueDateTime")),
    "component-code-value-quantity": ("component", ("token", "code"), ("quantity", "valueQuantity"))}}
UCUM = "http://unitsofmeasure.org"
# What the units of the data measure, and how many of one unit of that they are (https://ucum.org). {…} is one.
UNITS = {unit: (measured, fractions.Fraction(size)) for measured, of in {
    "mass/volume": {"g/L": "1", "mg/dL": "1/100", "g/dL": "10", "ng/mL": "1/1000000", "pg/mL": "1/1000000000",
                    "ug/L": "1/1000000", "ug/mL": "1/1000", "mg/L": "1/1000", "ug/dL": "1/100000"},
    "1/volume": {"10*3/uL": "1000000000", "10*6/uL": "1000000000000", "mmol/L": "602213670000000000000"},
    "1": {"%": "1/100", "mg/g": "1/1000", "{score}": "1", "{INR}": "1", "{nominal}": "1", "{count}": "1",
          "{T-score}": "1", "{#}": "1"},
    "volume/time": {"mL/min": "1", "mL/min/{1.73_m2}": "1"}, "catalysis/volume": {"U/L": "1", "kU/L": "1000"},
    "mass": {"kg": "1", "pg": "1/1000000000000000"}, "length": {"cm": "1", "mm": "1/10"}}.items()
    for unit, size in of.items()}
NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


def at(value, path):
    """All values that a path of members leads to."""
    found = [value]
    for member in path.split(".") if path else ():
        found = [inner for each in found if isinstance(each, dict) and member in each
                 for inner in (each[member] if isinstance(each[member], list) else [each[member]])]
    return found


def values(resource, code):
    if code == "deceased":  # Patient.deceased.exists() and Patient.deceased != false
        return "token", ["deceasedDateTime" in resource or resource.get("deceasedBoolean", False)]
    kind, paths = PARAMETERS[resource["resourceType"]][code]
    return kind, [value for path in paths for value in at(resource, path)]


def folded(text):
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def texts(value):
    """The strings of a string parameter's value."""
    if isinstance(value, str):
        return [value]
    parts = NAME_PARTS if "family" in value or "given" in value else ADDRESS_PARTS
    return [text for part in parts for text in at(value, part)]


def tokens(value):
    """(system, code) pairs; a system of None says nothing of systems."""
    if isinstance(value, bool):
        return [(None, "true" if value else "false")]
    if isinstance(value, str):
        return [(None, value)]
    if "coding" in value:
        return [pair for coding in value["coding"] for pair in tokens(coding)]
    if "code" in value:
        return [(value.get("system", ""), value["code"])]
    if "value" in value and value.get("system") in ("phone", "email", "fax", "url", "sms", "pager", "other"):
        return [(None, value["value"])]
    return [(value.get("system", ""), value["value"])] if "value" in value else []


def instant(text):
    """[from, until) that a date of any precision means."""
    if len(text) == 4:
        year = int(text)
        return datetime.datetime(year, 1, 1, tzinfo=UTC), datetime.datetime(year + 1, 1, 1, tzinfo=UTC)
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        start = datetime.datetime(year, month, 1, tzinfo=UTC)
        return start, start + calendar.monthrange(year, month)[1] * DAY
    if len(text) == 10:
        start = datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)
        return start, start + DAY
    start = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    return start, start + datetime.timedelta(milliseconds=1 if "." in text else 1000)


ALWAYS = (datetime.datetime.min.replace(tzinfo=UTC), datetime.datetime.max.replace(tzinfo=UTC))


def interval(value):
    if isinstance(value, str):
        return instant(value)
    return (instant(value["start"])[0] if "start" in value else ALWAYS[0],
            instant(value["end"])[1] if "end" in value else ALWAYS[1])


def date_passes(prefix, wanted, value):
    (from_, until), (low, high) = wanted, interval(value)
    inside, above, below = from_ <= low and high <= until, high > until, low < from_
    return {"eq": inside, "ne": not inside, "gt": above, "lt": below, "ge": above or inside,
            "le": below or inside, "sa": low >= until, "eb": high <= from_}[prefix]


def number_passes(prefix, text, value, scale=1):
    """Whether `value` passes; `scale` of the units of `text` are one of those of `value`."""
    wanted = decimal.Decimal(text)
    half = fractions.Fraction(decimal.Decimal(1).scaleb(wanted.as_tuple().exponent)) / 2
    wanted, value = fractions.Fraction(wanted), fractions.Fraction(decimal.Decimal(value)) * scale
    equal = wanted - half <= value < wanted + half
    return {"eq": equal, "ne": not equal, "gt": value > wanted, "lt": value < wanted, "ge": value >= wanted,
            "le": value <= wanted, "sa": value > wanted, "eb": value < wanted}[prefix]


def split_prefix(text):
    return (text[:2], text[2:]) if text[:2] in ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb") else ("eq", text)


def token_passes(text, value):
    if "|" not in text:
        return any(code == text for _, code in tokens(value))
    system, code = text.split("|", 1)
    return any(own is not None and own == system and (not code or code == has) for own, has in tokens(value))


def quantity_passes(text, value):
    prefix, rest = split_prefix(text)
    number, _, unit = rest.partition("|")
    system, _, code = unit.partition("|")
    if "value" not in value:
        return False
    if not code:
        return number_passes(prefix, number, value["value"])
    if not system:
        return code in (value.get("code"), value.get("unit")) and number_passes(prefix, number, value["value"])
    if value.get("system") != system:
        return False
    if value.get("code") == code:
        return number_passes(prefix, number, value["value"])
    wanted, has = UNITS.get(code), UNITS.get(value.get("code"))
    return system == UCUM and wanted is not None and has is not None and wanted[0] == has[0] and \
        number_passes(prefix, number, value["value"], has[1] / wanted[1])


def value_passes(kind, modifier, text, value):
    if kind == "token":
        return token_passes(text, value)
    if kind == "date":
        prefix, date = split_prefix(text)
        return date_passes(prefix, instant(date), value)
    if kind == "quantity":
        return quantity_passes(text, value)
    if kind == "reference":
        return value.get("reference") == text
    wanted = text if modifier == "exact" else folded(text)
    return any({"exact": lambda t: t == wanted, "contains": lambda t: wanted in folded(t),
                "whole": lambda t: folded(t) == wanted, "ends": lambda t: folded(t).endswith(wanted),
                "": lambda t: folded(t).startswith(wanted)}[modifier](t) for t in texts(value))


class Codes:
    """What CodeSystems and ValueSets say, by their composition: includes without excludes; of an include
    what its system, codes, is-a filters and value sets have in common."""

    def __init__(self, resources):
        self.systems = {each["url"]: each for each in resources if each["resourceType"] == "CodeSystem"}
        self.sets = {each["url"]: each for each in resources if each["resourceType"] == "ValueSet"}

    @functools.cache
    def parents(self, system):
        """code -> the code that it is nested in, or None."""
        found, waiting = {}, [(None, each) for each in self.systems[system].get("concept", ())]
        while waiting:
            parent, concept = waiting.pop()
            found[concept["code"]] = parent
            waiting += [(concept["code"], each) for each in concept.get("concept", ())]
        return found

    def above(self, system, code):
        found = set()
        while code is not None:
            found.add(code)
            code = self.parents(system)[code]
        return found

    def below(self, system, code):
        return {each for each in self.parents(system) if code in self.above(system, each)}

    @functools.cache
    def members(self, url):
        compose = self.sets[url]["compose"]
        inside = set().union(*map(self.included, compose.get("include", ())))
        return inside - set().union(*map(self.included, compose.get("exclude", ())))

    def included(self, rule):
        parts = [self.members(url.partition("|")[0]) for url in rule.get("valueSet", ())]
        if "system" in rule:
            system = rule["system"]
            codes = {each["code"] for each in rule["concept"]} if "concept" in rule else set(self.parents(system))
            for each in rule.get("filter", ()):
                codes &= self.below(system, each["value"])
            parts.append({(system, code) for code in codes})
        return set.intersection(*parts)

    def wanted(self, modifier, text):
        if modifier in ("in", "not-in"):
            return self.members(text)
        system, code = text.split("|")
        return {(system, each) for each in getattr(self, modifier)(system, code)}


class Record:
    """All current resources; what a search of them must find."""

    def __init__(self, resources, codes=None, lists=()):
        self.codes = codes
        self.lists = {each["id"]: {entry["item"]["reference"] for entry in each["entry"]} for each in lists}
        self.by_type, self.by_name = {}, {}
        for resource in resources:
            self.by_type.setdefault(resource["resourceType"], []).append(resource)
            self.by_name[f"{resource['resourceType']}/{resource['id']}"] = resource

    def passes(self, resource, criterion):
        """A criterion is ("value", code, modifier, [texts]), ("missing", code, bool), ("chain", code, type,
        criterion), ("has", type, reference, criterion), ("composite", code, [texts]), ("id", [ids]),
        ("codes", code, modifier, [texts]), ("list", [ids]), ("and", [criteria]), ("or", [criteria]) or
        ("not", criterion)."""
        return getattr(self, "_" + criterion[0])(resource, *criterion[1:])

    def find(self, type_, criteria):
        return [each for each in self.by_type.get(type_, ()) if all(self.passes(each, one) for one in criteria)]

    def _value(self, resource, code, modifier, wanted):
        kind, found = values(resource, code)
        one = any(value_passes(kind, "" if modifier == "not" else modifier, text, value)
                  for value in found for text in wanted)
        return not one if modifier == "not" else one

    def _missing(self, resource, code, is_missing):
        return (not values(resource, code)[1]) == is_missing

    def _id(self, resource, ids):
        return resource["id"] in ids

    def _list(self, resource, ids):
        name = f"{resource['resourceType']}/{resource['id']}"
        return any(name in self.lists[each] for each in ids)

    def _and(self, resource, criteria):
        return all(self.passes(resource, each) for each in criteria)

    def _or(self, resource, criteria):
        return any(self.passes(resource, each) for each in criteria)

    def _not(self, resource, criterion):
        return not self.passes(resource, criterion)

    def _codes(self, resource, code, modifier, texts_):
        wanted = set().union(*(self.codes.wanted(modifier, text) for text in texts_))
        plain = {each for _, each in wanted}
        has = any(own in plain if not system else (system, own) in wanted
                  for value in values(resource, code)[1] for system, own in tokens(value))
        return has != (modifier == "not-in")

    def _composite(self, resource, code, wanted):
        path, first, second = COMPOSITES[resource["resourceType"]][code]
        for start in at(resource, path):
            for text in wanted:
                one, two = text.split("$")
                if any(value_passes(first[0], "", one, v) for v in at(start, first[1])) and \
                        any(value_passes(second[0], "", two, v) for v in at(start, second[1])):
                    return True
        return False

    def _chain(self, resource, code, type_, inner):
        targets = (self.by_name.get(value.get("reference")) for value in values(resource, code)[1])
        return any(each is not None and each["resourceType"] == type_ and self.passes(each, inner)
                   for each in targets)

    def _has(self, resource, type_, reference, inner):
        name = f"{resource['resourceType']}/{resource['id']}"
        key = ("has", type_, reference, repr(inner))
        if key not in self.__dict__:  # names that something of that kind leads to
            self.__dict__[key] = {value.get("reference") for each in self.by_type.get(type_, ())
                                  if self.passes(each, inner) for value in values(each, reference)[1]}
        return name in self.__dict__[key]
