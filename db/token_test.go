package db_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// often is a rate that no test uses up by accident.
var often = db.Rate{Every: time.Millisecond, Burst: 1000}

// makeToken makes a token for a signed-in trader.
func makeToken(t testing.TB, d *db.DB, s db.SessionKey) db.TokenKey {
	t.Helper()
	k := db.NewTokenKey(uuid.New())
	must(t, d.MakeToken(t.Context(), s, k, "1C", 90))
	return k
}

func tokenSetting(k db.TokenKey) string {
	h := sha256.Sum256(k.Secret[:])
	return k.ID.String() + " " + hex.EncodeToString(h[:])
}

// asProgram makes a connection speak as a program does.
func asProgram(t *testing.T, url, setting string) *pgx.Conn {
	t.Helper()
	c := connect(t, url)
	exec(t, c, "set role portal_api")
	if setting != "" {
		exec(t, c, "select set_config('portal.token', $1, false)", setting)
	}
	return c
}

// A token sees the rows of its own taxpayer, whatever is asked, and nothing at
// all without being good.
func TestTokenSeesItsOwn(t *testing.T) {
	f, d := open(t)
	a, b := twoTraders(t, d)
	tables := []string{"consignment", "pending", "consignment_event", "archived", "archive_document"}
	for k, want := range map[db.TokenKey][]int{makeToken(t, d, a): {2, 1, 2, 0, 0}, makeToken(t, d, b): {1, 1, 1, 0, 0}} {
		c := asProgram(t, f.URL, tokenSetting(k))
		for i, table := range tables {
			if got := one[int](t, c, "select count(*) from "+table); got != want[i] {
				t.Errorf("%s: %d rows, want %d", table, got, want[i])
			}
		}
	}
	k := makeToken(t, d, b)
	c := asProgram(t, f.URL, tokenSetting(k))
	for table, condition := range map[string]string{"consignment": "registration = 'A1'", "pending": "voen = '1499000151'", "consignment_event": "registration like 'A%'"} {
		if got := one[int](t, c, "select count(*) from "+table+" where "+condition); got != 0 {
			t.Errorf("%s shows %d rows of another trader", table, got)
		}
	}
	other := k
	other.Secret[0] ^= 1
	su := connect(t, f.SuperuserURL)
	changed := func(change string) string {
		k := makeToken(t, d, b)
		exec(t, su, "update api_token set "+change+" where id = $1", k.ID)
		return tokenSetting(k)
	}
	for what, setting := range map[string]string{
		"wrong secret": tokenSetting(other), "unknown": uuid.NewString() + " " + strings.Repeat("00", 32), "no secret": k.ID.String(),
		"session": settingOf(b), "withdrawn": changed("withdrawn_at = now()"),
		"expired":           changed("created_at = now() - interval '2 days', expires_at = now()"),
		"no representative": changed("source = 'representative'"),
	} {
		c := asProgram(t, f.URL, setting)
		for _, table := range tables {
			if got := one[int](t, c, "select count(*) from "+table); got != 0 {
				t.Errorf("%s: %s shows %d rows", what, table, got)
			}
		}
	}
	for what, setting := range map[string]string{"never set": "", "nonsense": "' or true --"} {
		if _, err := asProgram(t, f.URL, setting).Exec(t.Context(), "table pending"); sqlState(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A token is no session and a session is no token, also when both are set.
func TestTokenIsNoSession(t *testing.T) {
	f, d := open(t)
	a, _ := twoTraders(t, d)
	k := makeToken(t, d, a)
	c := as(t, f.URL, tokenSetting(k))
	if got := one[int](t, c, "select count(*) from pending"); got != 0 {
		t.Errorf("a page opens with a token: %d rows", got)
	}
	for _, sql := range []string{"select * from current_token()", "select token_voen()", "select * from api_token"} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	p := asProgram(t, f.URL, tokenSetting(k))
	exec(t, p, "select set_config('portal.session', $1, false)", settingOf(a))
	for _, sql := range []string{
		"select * from current_session()", "select session_voen()", "select * from own_tokens()", "select withdraw_token('" + k.ID.String() + "')",
		"select make_token(gen_random_uuid(), decode(repeat('00', 32), 'hex'), 'x', 1)", "select * from session", "select * from register_entry",
		"select * from api_token", "select * from representative", "select use_token('1 s', 1)", "select token_stands(null)", "select forget_tokens()",
		"insert into register_entry default values", "insert into pending select * from pending", "update pending set voen = '1499000152'",
		"delete from pending", "update consignment set voen = ''", "delete from consignment", "insert into consignment_event select * from consignment_event",
		"truncate pending", "update checkpoint set as_of = now()", "select * from rate_limit", "select * from sender", "create table t ()", "set role portal_owner",
	} {
		if _, err := p.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := as(t, f.URL, settingOf(a)).Exec(t.Context(), "insert into api_token default values"); sqlState(err) != "42501" {
		t.Errorf("a token by hand: %v", err)
	}
}

func TestTokensOfATaxpayer(t *testing.T) {
	f, d := open(t)
	ctx := t.Context()
	a, b := twoTraders(t, d)
	k := makeToken(t, d, a)
	if err := d.MakeToken(ctx, a, k, "again", 90); !errors.Is(err, db.ErrTokenExists) {
		t.Errorf("a form sent twice: %v", err)
	}
	p, allowed, err := d.UseToken(ctx, k, often)
	if err != nil || !allowed || p.VOEN != aysel || p.Token != k.ID {
		t.Errorf("%+v %v %v", p, allowed, err)
	}
	s, list, err := d.Tokens(ctx, a)
	must(t, err)
	if s.Person.VOEN != aysel || len(list) != 1 || list[0].Name != "1C" || list[0].UsedAt == nil || list[0].WithdrawnAt != nil || !list[0].Stands ||
		list[0].ExpiresAt.Sub(list[0].CreatedAt) != 90*24*time.Hour || list[0].Person != "Aysel Məmmədova" {
		t.Errorf("%+v", list)
	}
	if _, list, err := d.Tokens(ctx, b); err != nil || len(list) != 0 {
		t.Errorf("another trader's list: %+v %v", list, err)
	}
	if err := d.WithdrawToken(ctx, b, k.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another trader withdraws: %v", err)
	}
	colleague := signIn(t, d, aysel)
	must(t, d.WithdrawToken(ctx, colleague, k.ID))
	if err := d.WithdrawToken(ctx, a, k.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	if _, _, err := d.UseToken(ctx, k, often); !errors.Is(err, db.ErrNoToken) {
		t.Errorf("a withdrawn token is used: %v", err)
	}
	if _, err := d.Consignments(ctx, k, customs.Query{}, db.Position{}, 10); !errors.Is(err, db.ErrNoToken) {
		t.Errorf("a withdrawn token reads: %v", err)
	}
	if _, list, err := d.Tokens(ctx, a); err != nil || list[0].WithdrawnAt == nil {
		t.Errorf("%+v %v", list, err)
	}
	for range db.MaxTokens {
		makeToken(t, d, a)
	}
	if err := d.MakeToken(ctx, a, db.NewTokenKey(uuid.New()), "one too many", 1); !errors.Is(err, db.ErrTooManyTokens) {
		t.Errorf("%v", err)
	}
	for _, days := range []int{0, -1, 367, 100_000} {
		if err := d.MakeToken(ctx, b, db.NewTokenKey(uuid.New()), "x", days); sqlState(err) != "23514" {
			t.Errorf("%d days: %v", days, err)
		}
	}
	must(t, d.EndSession(ctx, a))
	if err := d.MakeToken(ctx, a, db.NewTokenKey(uuid.New()), "x", 1); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
	if _, _, err := d.Tokens(ctx, a); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
	su := connect(t, f.SuperuserURL)
	exec(t, su, "update api_token set withdrawn_at = now() - interval '13 months' where id = $1", k.ID)
	must(t, d.Sweep(ctx))
	if n := one[int](t, su, "select count(*) from api_token"); n != db.MaxTokens {
		t.Errorf("%d tokens are kept", n)
	}
}

// Of many forms at once no more tokens come than are allowed.
func TestTokenRace(t *testing.T) {
	f, d := open(t)
	a := signIn(t, d, aysel)
	done := make(chan error)
	const tries = 40
	for range tries {
		go func() { done <- d.MakeToken(t.Context(), a, db.NewTokenKey(uuid.New()), "x", 1) }()
	}
	for range tries {
		if err := <-done; err != nil && !errors.Is(err, db.ErrTooManyTokens) {
			t.Error(err)
		}
	}
	if n := one[int](t, connect(t, f.SuperuserURL), "select count(*) from api_token"); n != db.MaxTokens {
		t.Errorf("%d tokens", n)
	}
}

// When the list of representatives lets the person act no longer, the token
// stops at once; when it does again, so does the token.
func TestTokenEndsWithTheRight(t *testing.T) {
	f, d := open(t)
	ctx := t.Context()
	store(t, d, goodsOf(rashad, "B1", 1))
	may := db.Representative{VOEN: rashad, PIN: person(aysel).PIN, From: noon, Access: true}
	set := func(list ...db.Representative) {
		_, err := db.ReplaceRepresentatives(ctx, f.OwnerURL, list)
		must(t, err)
	}
	set(may)
	who := person("")
	people, err := d.Companies(ctx, []db.Person{who})
	must(t, err)
	s, err := d.StartSessionAmong(ctx, people, 0, limits, nil)
	must(t, err)
	k := makeToken(t, d, s)
	reads := func() int {
		l, err := d.Consignments(ctx, k, customs.Query{}, db.Position{}, 10)
		_, _, used := d.UseToken(ctx, k, often)
		if errors.Is(err, db.ErrNoToken) && errors.Is(used, db.ErrNoToken) {
			return -1
		}
		must(t, errors.Join(err, used))
		return len(l.Rows)
	}
	no := may
	no.Access = false
	past := may
	past.To = noon.AddDate(0, 0, 1)
	gone := may
	gone.Liquidated = true
	for i, step := range []struct {
		list []db.Representative
		want int
	}{{[]db.Representative{may}, 1}, {[]db.Representative{no}, -1}, {[]db.Representative{may}, 1}, {nil, -1}, {[]db.Representative{past}, -1}, {[]db.Representative{gone}, -1}} {
		set(step.list...)
		if got := reads(); got != step.want {
			t.Errorf("step %d: %d rows, want %d", i, got, step.want)
		}
	}
	// A right that stands in the certificate ends with the taxpayer, or when the
	// list bars the person.
	set()
	k = makeToken(t, d, signIn(t, d, rashad))
	if got := reads(); got != 1 {
		t.Errorf("by certificate: %d", got)
	}
	for _, list := range [][]db.Representative{{no}, {gone}} {
		set(list...)
		if got := reads(); got != -1 {
			t.Errorf("barred: %d", got)
		}
	}
}

func TestTokenRate(t *testing.T) {
	_, d := open(t)
	a, b := signIn(t, d, aysel), signIn(t, d, rashad)
	k, other := makeToken(t, d, a), makeToken(t, d, b)
	slow := db.Rate{Every: time.Hour, Burst: 3}
	for i := range 5 {
		if _, allowed, err := d.UseToken(t.Context(), k, slow); err != nil || allowed != (i < 3) {
			t.Errorf("call %d: %v %v", i, allowed, err)
		}
	}
	if _, allowed, err := d.UseToken(t.Context(), other, slow); err != nil || !allowed {
		t.Errorf("another token: %v %v", allowed, err)
	}
}

// FuzzTokenKey: what is read is what was written, byte by byte; nothing else is
// a token.
func FuzzTokenKey(f *testing.F) {
	k := db.NewTokenKey(uuid.MustParse("6f9619ff-8b86-4011-b42d-00c04fc964ff"))
	for _, seed := range []string{k.String(), k.String() + "\n", strings.ToUpper(k.String()), "", "mallarim_", k.String()[:72], k.String() + "A", "mallarim_" + strings.Repeat("=", 64)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := db.ParseTokenKey(s)
		if err == nil && k.String() != s {
			t.Errorf("%q and %q are one token", s, k)
		}
		if err != nil && !errors.Is(err, db.ErrNoToken) {
			t.Error(err)
		}
	})
}

func TestTokenKey(t *testing.T) {
	k := db.NewTokenKey(uuid.New())
	if back, err := db.ParseTokenKey(k.String()); err != nil || back != k || len(k.String()) != 73 {
		t.Errorf("%q: %v", k, err)
	}
}
