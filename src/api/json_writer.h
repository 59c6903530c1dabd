// api/json_writer.h: the writer of fhir/, by the name that it has here.
#pragma once

#include "fhir/json_writer.h"

namespace holdfast::api {

using fhir::JsonWriter;

}  // namespace holdfast::api
