package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

const registerName = "portal_register"

// registers seals a large register and compares `portal register verify` of it
// with a bare pass over the same bytes in memory: SHA-256 of each leaf and of
// each node of the tree, in one goroutine and nothing else.
func registers(ctx context.Context, w *world, out io.Writer) error {
	key, public, err := register.NewKey("bench.example/register")
	if err != nil {
		return err
	}
	sealed, err := w.fillRegister(ctx, key)
	if err != nil {
		return err
	}
	leaves := filepath.Join(w.dir, "leaves")
	if err := w.exportLeaves(ctx, leaves); err != nil {
		return err
	}
	var bare, took, used, served, total, peak []float64
	for range w.rounds {
		b, err := w.barePass(ctx, leaves)
		if err != nil {
			return err
		}
		v, err := w.verifyOnce(ctx, public)
		if err != nil {
			return err
		}
		bare, took = append(bare, b.Seconds()), append(took, v.took.Seconds())
		used, served = append(used, v.used.Seconds()), append(served, v.served.Seconds())
		total = append(total, (v.used + v.served).Seconds())
		peak = append(peak, float64(v.kb)/1024)
	}
	own, all := spreadOf(ratios(used, bare)), spreadOf(ratios(total, bare))
	return table(out, fmt.Sprintf("Register of %d entries, sealed in %.1f s: portal register verify beside a bare SHA-256 Merkle pass; processor time", w.entries, sealed.Seconds()), [][]string{
		{"bare, s", "verify, s", "PostgreSQL, s", "verify : bare", "range", "with PostgreSQL", "range", "seconds by the clock", "peak memory, MB"},
		{
			fmt.Sprintf("%.2f", spreadOf(bare).median), fmt.Sprintf("%.2f", spreadOf(used).median), fmt.Sprintf("%.2f", spreadOf(served).median),
			fmt.Sprintf("%.2f", own.median), fmt.Sprintf("%.2f–%.2f", own.low, own.high),
			fmt.Sprintf("%.2f", all.median), fmt.Sprintf("%.2f–%.2f", all.low, all.high),
			fmt.Sprintf("%.2f", spreadOf(took).median), fmt.Sprintf("%.0f", spreadOf(peak).high),
		},
	})
}

// fillRegister makes a database with entries and seals them; it returns how
// long sealing took.
func (w *world) fillRegister(ctx context.Context, key string) (time.Duration, error) {
	if err := db.Bootstrap(ctx, w.server.URL("postgres", "postgres"), registerName); err != nil {
		return 0, err
	}
	if err := db.Migrate(ctx, w.server.URL("portal_owner", registerName), "portal"); err != nil {
		return 0, err
	}
	c, err := pgx.Connect(ctx, w.server.URL("postgres", registerName))
	if err != nil {
		return 0, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	for left := w.entries; left > 0; left -= 100_000 {
		_, err := c.Exec(ctx, `
			insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
			select clock_timestamp(), gen_random_uuid(), 'web', 'trader', gen_random_uuid(), (1400000000 + i % 99997)::text, 'goods.list',
			       '/goods?q=pomidor&page=' || i, case when i % 3 = 0 then 'nothing_pending' else 'answered' end, i % 40, 1000 + i % 50000
			  from generate_series(1, $1::int) i`, min(left, 100_000))
		if err != nil {
			return 0, err
		}
	}
	if _, err := c.Exec(ctx, `vacuum analyze`); err != nil {
		return 0, err
	}
	d, err := db.Open(ctx, w.server.URL("portal", registerName), db.Options{})
	if err != nil {
		return 0, err
	}
	defer d.Close()
	keys, err := register.ParseKeys(key, "")
	if err != nil {
		return 0, err
	}
	verifiers, err := keys.Verifiers()
	if err != nil {
		return 0, err
	}
	sealer := db.NewSealer(d, keys, verifiers)
	began := time.Now()
	for {
		if n, err := sealer.Seal(ctx); err != nil || n == 0 {
			return time.Since(began), err
		}
	}
}

// exportLeaves writes the data of the leaves one behind the other, each behind
// its length in two bytes.
func (w *world) exportLeaves(ctx context.Context, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	err = db.Export(ctx, w.server.URL("portal_owner", registerName), 1, 0, func(leaf []byte) error {
		_, err := out.Write(append([]byte{byte(len(leaf) >> 8), byte(len(leaf))}, leaf...))
		return err
	})
	return errors.Join(err, out.Flush(), f.Close())
}

// barePass runs the bare pass in a process of its own: the memory of what
// measures counts as that of the programs it starts.
func (w *world) barePass(ctx context.Context, name string) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	text, err := exec.CommandContext(ctx, self, "merkle", name).Output()
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(strings.TrimSpace(string(text)))
}

// hashLeaves prints the processor time that hashing the leaves of a file and
// the tree over them costs, once they are in memory.
func hashLeaves(name string, out io.Writer) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before := cpuOf(os.Getpid())
	merkle(data)
	_, err = fmt.Fprintln(out, cpuOf(os.Getpid())-before)
	return err
}

// merkle is the root of the tree over leaves, as exportLeaves writes them (RFC
// 6962 §2.1).
func merkle(data []byte) [sha256.Size]byte {
	var stack [][sha256.Size]byte // of full trees, the largest first
	var leaf [1 << 10]byte
	var node [1 + 2*sha256.Size]byte
	node[0] = 1
	join := func() {
		n := len(stack)
		copy(node[1:], stack[n-2][:])
		copy(node[1+sha256.Size:], stack[n-1][:])
		stack[n-2] = sha256.Sum256(node[:])
		stack = stack[:n-1]
	}
	for leaves := 1; len(data) > 1; leaves++ {
		length := int(data[0])<<8 | int(data[1])
		copy(leaf[1:], data[2:2+length])
		data = data[2+length:]
		stack = append(stack, sha256.Sum256(leaf[:1+length]))
		for n := leaves; n%2 == 0; n /= 2 {
			join()
		}
	}
	for len(stack) > 1 {
		join()
	}
	if len(stack) == 0 {
		return sha256.Sum256(nil)
	}
	return stack[0]
}

// verification is what one run of the command cost.
type verification struct {
	took   time.Duration // by the clock
	used   time.Duration // processor time of the command
	served time.Duration // and of PostgreSQL meanwhile
	kb     int64         // peak memory of the command
}

func (w *world) verifyOnce(ctx context.Context, public string) (verification, error) {
	command := exec.CommandContext(ctx, w.settings.portal, "register", "verify", "--quiet", "--key", public)
	command.Env = append(os.Environ(), "PORTAL_OWNER_DATABASE_URL="+w.server.URL("portal_owner", registerName))
	before, began := cpuOfFamily(w.server.PID()), time.Now()
	text, err := command.CombinedOutput()
	if err != nil {
		return verification{}, fmt.Errorf("%w: %s", err, text)
	}
	return verification{
		took: time.Since(began), used: command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		served: cpuOfFamily(w.server.PID()) - before, kb: maxRSS(command.ProcessState),
	}, nil
}
