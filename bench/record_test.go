package main

import (
	"reflect"
	"testing"
)

func TestStatements(t *testing.T) {
	log := "portal> LOG:  execute stmtcache_1: begin isolation level repeatable read\n" +
		"portal register> LOG:  execute s: insert into register_entry\n" +
		"portal> LOG:  execute stmtcache_2: \n\t\tselect a,\n\t\t       'x: y'\n\t\t  from t where b = $1 and c = $2 and d = $3\n" +
		"portal> DETAIL:  parameters: $1 = 'it''s, $9 = ''no''', $2 = NULL, $3 = '25'\n" +
		"> LOG:  checkpoint starting: time\n" +
		"portal> LOG:  statement: commit\n"
	want := []statement{
		{SQL: "begin isolation level repeatable read"},
		{
			SQL:  "\n\tselect a,\n\t       'x: y'\n\t  from t where b = $1 and c = $2 and d = $3",
			Args: []*string{new("it's, $9 = 'no'"), nil, new("25")},
		},
		{SQL: "commit"},
	}
	if got := statements(log); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
