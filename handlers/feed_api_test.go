package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// description is the published description of the feed.
func (s *site) description() []byte {
	s.Helper()
	res, err := http.Get(s.main.URL + "/feed/v1/openapi.yaml")
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/yaml" {
		s.Fatalf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return b
}

// The schema in testdata is the OpenAPI Initiative's own of 3.1 (Apache-2.0).
func TestFeedDescriptionIsOpenAPI(t *testing.T) {
	s := newEmptySite(t)
	published, err := os.Open("testdata/openapi-3.1.schema.json")
	s.must(err)
	defer published.Close()
	raw, err := jsonschema.UnmarshalJSON(published)
	s.must(err)
	c := jsonschema.NewCompiler()
	s.must(c.AddResource("openapi.json", raw))
	schema, err := c.Compile("openapi.json")
	s.must(err)
	var document any
	s.must(yaml.Unmarshal(s.description(), &document))
	plain, err := json.Marshal(document)
	s.must(err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	s.must(err)
	if err := schema.Validate(value); err != nil {
		t.Error(err)
	}
}

// What the portal really answers is what its description says.
func TestFeedAnswersAsDescribed(t *testing.T) {
	s := newEmptySite(t, senders(t))
	schema := s.components()
	a := snapshot("A1", "1499000151", 2)
	r := s.send(text(a, a, snapshot("A1", "1499000151", 1), `{"registration":"A9"}`, strings.Replace(snapshot("A2", "1499000151", 1), `{`, `{"odd":1,`, 1),
		fmt.Sprintf(`{"checkpoint":"00901","as_of":%q}`, stamp(time.Minute))))
	kinds := map[string]int{}
	for line := range strings.Lines(r.body) {
		kind := "Report"
		for prefix, k := range map[string]string{`{"batch"`: "Batch", `{"summary"`: "Summary"} {
			if strings.HasPrefix(line, prefix) {
				kind = k
			}
		}
		kinds[kind]++
		s.valid(schema(kind), line)
	}
	if kinds["Report"] < 2 || kinds["Batch"] == 0 || kinds["Summary"] != 1 {
		t.Errorf("lines %v", kinds)
	}
	refused := s.send(text("x"))
	s.valid(schema("Problem"), refused.body)
	for _, token := range []string{"token", "centre"} { // one that has sent, one that has not
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.main.URL+"/feed/v1/position", nil)
		s.must(err)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		s.must(err)
		b, err := io.ReadAll(res.Body)
		s.must(err)
		res.Body.Close()
		s.valid(schema("Position"), string(b))
	}
}

// components compiles the schemas of the description.
func (s *site) components() func(name string) *jsonschema.Schema {
	s.Helper()
	var tree any
	s.must(yaml.Unmarshal(s.description(), &tree))
	b, err := json.Marshal(tree)
	s.must(err)
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	s.must(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s.must(c.AddResource("https://portal.example/openapi.json", plain))
	return func(name string) *jsonschema.Schema {
		s.Helper()
		schema, err := c.Compile("https://portal.example/openapi.json#/components/schemas/" + name)
		s.must(err)
		return schema
	}
}

func (s *site) valid(schema *jsonschema.Schema, text string) {
	s.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	s.must(err)
	if err := schema.Validate(v); err != nil {
		s.Errorf("%s\n%v", text, err)
	}
}
