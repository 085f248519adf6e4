package esign

import "testing"

func TestMailConstraints(t *testing.T) {
	for _, tt := range []struct {
		address, constraint string
		want                bool
	}{
		{"a@example.az", "example.az", true},
		{"a@EXAMPLE.az", "example.AZ", true},
		{"a@mail.example.az", "example.az", false},
		{"a@mail.example.az", ".example.az", true},
		{"a@example.az", ".example.az", false},
		{"a@badexample.az", "example.az", false},
		{"a@badexample.az", ".example.az", false},
		{"a@example.az", "a@example.az", true},
		{"a@example.az", "a@Example.az", true},
		{"A@example.az", "a@example.az", false},
		{"b@example.az", "a@example.az", false},
		{`"x@y"@example.az`, "example.az", true},
		{"no address", "example.az", false},
		{"", "example.az", false},
	} {
		if got := mailWithin(tt.address, tt.constraint); got != tt.want {
			t.Errorf("%q within %q: %v", tt.address, tt.constraint, got)
		}
	}
}
