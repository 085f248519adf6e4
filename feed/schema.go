package feed

import _ "embed" // the schema is part of the program

//go:embed schema.json
var schema string

// Schema returns the JSON Schema (2020-12) of one line of the feed.
func Schema() []byte { return []byte(schema) }
