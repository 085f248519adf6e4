package feed_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/feed/sample"
)

// fill sets every field of a value, so that a field added to the vocabulary
// and forgotten here shows.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 5, 4, 8, 0, 0, 120_000_000, time.UTC)))
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case v.Kind() == reflect.String:
		v.SetString("1499")
	default:
		v.SetInt(7)
	}
}

// The reader keeps every member of the vocabulary, and writes each one down.
func TestDocumentHasEveryMember(t *testing.T) {
	var c customs.Consignment
	fill(reflect.ValueOf(&c).Elem())
	c.VOEN, c.Consignee.VOEN, c.Consignor.VOEN, c.Carrier.VOEN = "1499000151", "1499000151", "1499000151", "1499000151"
	c.Status, c.Goods[1].Number = customs.Released, 8
	for _, p := range []*string{
		&c.Consignee.Country, &c.Consignor.Country, &c.Carrier.Country, &c.Transport.Nationality,
		&c.Goods[0].Origin, &c.Goods[1].Origin,
	} {
		*p = "AZ"
	}
	for i := range 2 {
		c.Goods[i].Currency, c.Goods[i].Packages.Type = "AZN", "CT"
		c.Documents[i].Type, c.PreviousDocuments[i].Type = "730", "830"
		c.Documents[i].Date, c.PreviousDocuments[i].Date = "2026-05-03", "2026-05-02"
		c.Requires[i].Code, c.Requires[i].Who = "invoice", customs.Agency
	}
	line, err := jsonv2.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	r := one(t, string(line))
	if !r.OK() {
		t.Fatalf("%v\n%s", r.Problems, line)
	}
	if !reflect.DeepEqual(*r.Consignment, c) {
		t.Errorf("read back %+v\nwant %+v", *r.Consignment, c)
	}
	if !bytes.Equal(r.Document, line) {
		t.Errorf("document %s\nwant %s", r.Document, line)
	}
}

func TestDocumentsOfSamples(t *testing.T) {
	var in bytes.Buffer
	if err := sample.Generate(&in, sample.Options{Seed: 3, Consignments: 200, Now: now()}); err != nil {
		t.Fatal(err)
	}
	recs, _ := readAll(&in)
	for _, r := range recs {
		check(t, r)
	}
}
