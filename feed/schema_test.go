package feed_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/feed"
)

func compile(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(feed.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t testing.TB, s *jsonschema.Schema, line string) bool {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		t.Fatalf("%v in %.200s", err, line)
	}
	return s.Validate(v) == nil
}

// What the reader accepts the schema accepts, and the other way round, save
// for the rules that no schema can express.
func TestSchemaAgreesWithReader(t *testing.T) {
	s := compile(t)
	for _, c := range rules() {
		line := edit(t, minimal, c.path, c.value)
		if strings.Contains(line, "e999") || strings.Contains(line, "e-999") {
			continue // exact arithmetic on such a number would never end
		}
		want := c.code == "" || c.code.Warning() || c.beyond
		if got := valid(t, s, line); got != want {
			t.Errorf("%s=%.60s: schema says %v, reader %q", c.path, c.value, got, c.code)
		}
	}
	for _, line := range []string{
		beat, `{"checkpoint":"00901"}`, `{"as_of":"2026-05-04T09:00:00Z"}`, `{}`, `[]`, `"x"`, `null`,
		`{"checkpoint":"00901","as_of":5}`, `{"checkpoint":"00901","as_of":"2026-05-04T09:00:00Z","status":5}`,
		`{"checkpoint":"00901","as_of":"2026-05-04T09:00:00Z","registration":"A"}`,
	} {
		if got, want := valid(t, s, line), one(t, line).OK(); got != want {
			t.Errorf("%s: schema says %v, reader %v", line, got, want)
		}
	}
}

func TestSchemaExamples(t *testing.T) {
	var doc struct {
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(feed.Schema(), &doc); err != nil || len(doc.Examples) < 2 {
		t.Fatalf("%d examples, %v", len(doc.Examples), err)
	}
	s := compile(t)
	for i, e := range doc.Examples {
		var line bytes.Buffer
		if err := json.Compact(&line, e); err != nil {
			t.Fatal(err)
		}
		if r := one(t, line.String()); !r.OK() || len(r.Warnings) > 0 || !valid(t, s, line.String()) {
			t.Errorf("example %d: %v %v", i, r.Problems, r.Warnings)
		}
	}
}

// The schema names every code that the portal has words for.
func TestSchemaNamesTheVocabulary(t *testing.T) {
	var doc struct {
		Defs struct {
			Consignment struct {
				Properties struct {
					Status struct{ Examples []customs.Status }
				}
			}
			Requirement struct {
				Properties struct {
					Code struct{ Examples []string }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(feed.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(customs.PendingStatuses), customs.TerminalStatuses...)
	if got := doc.Defs.Consignment.Properties.Status.Examples; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("statuses: %q", got)
	}
	if got := doc.Defs.Requirement.Properties.Code.Examples; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(customs.RequirementCodes))) {
		t.Errorf("codes of requirements: %q", got)
	}
}

// Programs that count in binary find no multiple of 0.01 in 4.35.
func TestSchemaAsksForNoMultiples(t *testing.T) {
	if bytes.Contains(feed.Schema(), []byte(`"multipleOf"`)) {
		t.Error("many programs that check by this schema refuse right numbers")
	}
}

func TestSchemaIsACopy(t *testing.T) {
	feed.Schema()[0] = 'x'
	if feed.Schema()[0] != '{' {
		t.Error("a caller can change the schema")
	}
}
