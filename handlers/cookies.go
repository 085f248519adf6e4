package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
)

// What the session cookie holds: never anything about a person.
const (
	valueKey     = "k" // db.SessionKey of the signed-in session
	valueStaff   = "s" // db.StaffKey of the officer's session; never beside valueKey
	valueBrowser = "b" // secret that binds a sign-in to this browser
	valueCompany = "c" // one-time code of a sign-in that waits for an answer, see askFirst
	valueSIMA    = "o" // id of a SİMA operation that is under way
	valueNotice  = "n" // what to tell about earlier attempts, see notice
)

const (
	langCookie = "lang"
	langKept   = 365 * 24 * time.Hour
)

// newCookieStore keeps small signed cookies that end with the browser, in JSON.
func newCookieStore(keys [][]byte, secure bool, life time.Duration) sessions.Store {
	pairs := make([][]byte, 0, 2*len(keys))
	for _, k := range keys {
		pairs = append(pairs, k, nil)
	}
	s := &sessions.CookieStore{
		Codecs:  securecookie.CodecsFromPairs(pairs...),
		Options: &sessions.Options{Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode},
	}
	for _, c := range s.Codecs {
		if sc, ok := c.(*securecookie.SecureCookie); ok {
			sc.SetSerializer(textValues{}).MaxAge(int(life.Seconds()))
		}
	}
	return s
}

// textValues writes a session's values, all texts, as a JSON object. The
// library's own form, gob, costs ten times as much on each request.
type textValues struct{}

var errValues = errors.New("handlers: a session holds texts only")

// Serialize implements securecookie.Serializer.
func (textValues) Serialize(src any) ([]byte, error) {
	values, ok := src.(map[any]any)
	if !ok {
		return nil, errValues
	}
	texts := make(map[string]string, len(values))
	for k, v := range values {
		name, okName := k.(string)
		text, okText := v.(string)
		if !okName || !okText {
			return nil, errValues
		}
		texts[name] = text
	}
	return json.Marshal(texts)
}

// Deserialize implements securecookie.Serializer.
func (textValues) Deserialize(src []byte, dst any) error {
	values, ok := dst.(*map[any]any)
	if !ok {
		return errValues
	}
	var texts map[string]string
	if err := json.Unmarshal(src, &texts); err != nil {
		return err
	}
	*values = make(map[any]any, len(texts))
	for k, v := range texts {
		(*values)[k] = v
	}
	return nil
}

// jar is the session cookie of one request.
type jar struct {
	*sessions.Session
}

// jar reads the cookie. A forged, foreign or outdated one counts as none.
func (p *Portal) jar(c echo.Context) jar {
	s, err := p.cookies.Get(c.Request(), p.cookie)
	if err != nil || s == nil {
		s = sessions.NewSession(p.cookies, p.cookie)
		if store, ok := p.cookies.(*sessions.CookieStore); ok {
			options := *store.Options
			s.Options = &options
		}
	}
	return jar{s}
}

func (j jar) save(c echo.Context) error { return j.Save(c.Request(), c.Response()) }

func (j jar) text(name string) string {
	s, _ := j.Values[name].(string)
	return s
}

func (j jar) set(name, value string) {
	if value == "" {
		delete(j.Values, name)
		return
	}
	j.Values[name] = value
}

// key is the session key, if the browser has one.
func (j jar) key() (db.SessionKey, bool) {
	k, err := db.ParseSessionKey(j.text(valueKey))
	return k, err == nil
}

// staffKey is the key of an officer's session, if the browser has one.
func (j jar) staffKey() (db.StaffKey, bool) {
	k, err := db.ParseStaffKey(j.text(valueStaff))
	return k, err == nil
}

// browser is the SHA-256 of the secret that binds a sign-in to this browser,
// and whether there is one.
func (j jar) browser() ([32]byte, bool) {
	s := j.text(valueBrowser)
	return sha256.Sum256([]byte(s)), s != ""
}

// bind makes sure that the browser has a secret and returns its SHA-256.
func (j jar) bind() [32]byte {
	if j.text(valueBrowser) == "" {
		j.renew()
	}
	h, _ := j.browser()
	return h
}

// renew gives the browser a new secret: what was begun under the old one ends.
func (j jar) renew() {
	var b [32]byte
	rand.Read(b[:])
	j.set(valueBrowser, base64.RawURLEncoding.EncodeToString(b[:]))
}
