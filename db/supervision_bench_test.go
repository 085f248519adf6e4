package db_test

import (
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
)

// What supervision costs on a register of a million entries of the last two
// days, in milliseconds.
func BenchmarkSupervision(b *testing.B) {
	f, d := open(b)
	su, key := connect(b, f.SuperuserURL), officer(b, f, d, "SUP0001", customs.RoleSupervisor)
	exec(b, su, `set session_replication_role = replica`)
	for range 10 {
		exec(b, su, `
			insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
			select now() - interval '48 hours' * (i / 100000.0), gen_random_uuid(), 'web', case when i % 23 = 0 then 'operator' else 'trader' end, gen_random_uuid(),
			       (1400000000 + i % 9973)::text, 'goods.list', '/goods?page=' || i,
			       case when i % 5003 = 0 then 'failed' when i % 3 = 0 then 'nothing_pending' else 'answered' end, i % 40, (exp(8 + random() * 3))::int
			  from generate_series(1, 100000) i`)
	}
	exec(b, su, `vacuum analyze register_entry`)
	began := time.Now()
	for more := true; more; {
		var err error
		more, err = d.CountRegister(b.Context())
		must(b, err)
	}
	figures := map[string]float64{"s-count-all": time.Since(began).Seconds()}
	exec(b, su, `analyze`)
	must(b, d.LookAtCheckpoints(b.Context()))
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -20)
	for name, ask := range map[string]func() error{
		"count":    func() error { _, err := d.CountRegister(b.Context()); return err },
		"overview": func() error { _, err := d.Overview(b.Context(), key, 15); return err },
		"month":    func() error { _, err := d.SupervisedMonth(b.Context(), key, first, first.AddDate(0, 1, 0)); return err },
		"all":      func() error { _, err := d.FindEntries(b.Context(), key, register.Search{}, 50); return err },
		"voen": func() error {
			_, err := d.FindEntries(b.Context(), key, register.Search{VOEN: "1400000007"}, 50)
			return err
		},
		"failed": func() error {
			_, err := d.FindEntries(b.Context(), key, register.Search{Outcome: register.Failed}, 50)
			return err
		},
		"operator": func() error {
			_, err := d.FindEntries(b.Context(), key, register.Search{Actor: "operator"}, 50)
			return err
		},
		"nobody": func() error {
			_, err := d.FindEntries(b.Context(), key, register.Search{Actor: "administrator"}, 50)
			return err
		},
		"deep": func() error {
			_, err := d.FindEntries(b.Context(), key, register.Search{Before: register.Cursor{At: time.Now().Add(-40 * time.Hour), ID: 1}}, 50)
			return err
		},
	} {
		must(b, ask())
		began := time.Now()
		const rounds = 5
		for range rounds {
			must(b, ask())
		}
		figures["ms-"+name] = float64(time.Since(began).Microseconds()) / 1000 / rounds
	}
	for b.Loop() {
		must(b, d.LookAtCheckpoints(b.Context()))
	}
	for name, n := range figures {
		b.ReportMetric(n, name)
	}
}
