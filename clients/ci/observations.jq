# Lines of Observation in proto JSON with `dataset` beside, one a line, as
# {file, line, dataset, row}; a line that is no such thing as {file, line, reason,
# field, message}. Run with `jq -Rnc --arg file NAME`; empty lines are passed over.
def checked:
  if type != "object" then error("a line must be an object {...}") else . end
  | (keys - ["dataset", "period", "value", "status", "dimensions", "deleted", "series_break", "seriesBreak"]) as $other
  | if $other != [] then error("there is no field `\($other[0])`") else . end
  | if (.dataset | type) != "string" then error("`dataset` must be a text such as \"datasets/x\"") else . end
  | if (.period | type) != "string" then error("`period` must be a text such as \"2024-01\"") else . end
  | if .value != null and (.value | type) != "number" then error("`value` must be a number") else . end
  # Beyond what a double holds, jq reads the largest one.
  | if (.value // 0 | fabs) >= 1.7976931348623157e308 then error("`value` is too large for a number") else . end
  | if .status != null and (.status | tostring | test("^OBSERVATION_STATUS_[A-Z_]+$") | not)
    then error("`status` must be a name such as \"OBSERVATION_STATUS_PROVISIONAL\"") else . end
  | if any(.deleted, .series_break, .seriesBreak; . != null and type != "boolean")
    then error("`deleted` and `series_break` must be true or false") else . end
  | if .dimensions != null and ((.dimensions | type) != "object" or any(.dimensions[]; type != "string"))
    then error("`dimensions` must be an object of texts") else . end;

foreach inputs as $text ({line: 0}; {line: (.line + 1), text: $text})
| select(.text | test("^\\s*$") | not)
| {file: $file, line: .line} as $place
| .text
| try ((try fromjson catch error("a line must be JSON: \(.)")) | checked
       | $place + {dataset: .dataset, row: del(.dataset)})
  catch ($place + {reason: "FIELD_INVALID", field: "", message: .})
