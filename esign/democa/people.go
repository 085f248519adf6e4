package democa

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign"
)

// Attribute types of X.520 and ETSI EN 319 412-1.
var (
	CommonName     = asn1.ObjectIdentifier{2, 5, 4, 3}
	Surname        = asn1.ObjectIdentifier{2, 5, 4, 4}
	SerialNumber   = asn1.ObjectIdentifier{2, 5, 4, 5}
	Country        = asn1.ObjectIdentifier{2, 5, 4, 6}
	Organisation   = asn1.ObjectIdentifier{2, 5, 4, 10}
	GivenName      = asn1.ObjectIdentifier{2, 5, 4, 42}
	OrganisationID = asn1.ObjectIdentifier{2, 5, 4, 97}
)

// Person is somebody who can try to sign in to the demo.
type Person struct {
	Name         string // of the files people/NAME.p12, NAME.pem and NAME.key
	GivenName    string
	Surname      string
	Organisation string         // "" for a citizen
	VOENs        []customs.VOEN // as in the certificate, none for a citizen
	PIN          customs.PIN
	Expect       esign.Reason      // why signing in is refused, "" if it succeeds
	Note         string            // what to expect, in English
	Represents   []customs.VOEN    // by the demo's list of representatives; the certificate does not say so
	Staff        customs.StaffRole // by the demo's staff list; "" for the public

	issuer string
	key    KeyMaker
	from   time.Duration // validity, from the time of making; zero: valid now
	to     time.Duration
	eku    []x509.ExtKeyUsage
	extra  []Value
}

// FullName is the given name and the surname.
func (p Person) FullName() string { return p.GivenName + " " + p.Surname }

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// People lists everybody: first those who can sign in, then one for each way
// of failing.
func People() []Person {
	const agro, textile = "«Xəzər Aqro Ticarət» MMC", "«Şirvan Tekstil» MMC"
	return []Person{
		{
			Name: "aysel", GivenName: "Aysel", Surname: "Məmmədova", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "5A7KM2L", issuer: "business",
			Note: "a company with a handful of consignments; ECDSA P-256",
		},
		{
			Name: "rashad", GivenName: "Rəşad", Surname: "Quliyev", Organisation: "Quliyev Rəşad, fərdi sahibkar",
			VOENs: []customs.VOEN{"1499000152"}, PIN: "6R2QX9D", issuer: "business", key: RSA(2048),
			Note: "an individual entrepreneur; RSA 2048",
		},
		{
			Name: "leyla", GivenName: "Leyla", Surname: "Hüseynzadə", Organisation: "«Şəki İpək Evi» MMC",
			VOENs: []customs.VOEN{"9999000191"}, PIN: "7L4HT1C", issuer: "business", key: EC(elliptic.P384()),
			Note: "a company with nothing pending: the explained empty list; ECDSA P-384",
		},
		{
			Name: "kamran", GivenName: "Kamran", Surname: "Əliyev", Organisation: "«Böyük Çörək Ticarət» ASC",
			VOENs: []customs.VOEN{"1599000161"}, PIN: "4K8EW5Z", issuer: "business", key: RSA(3072),
			Note: "a big trader with many pages of consignments; RSA 3072",
		},
		{
			Name: "several", GivenName: "Günel", Surname: "İsmayılova", Organisation: textile,
			VOENs: []customs.VOEN{"1699000171", "1799000181"}, PIN: "3G6NB7S", issuer: "business",
			Note: "two companies in one certificate: the company is chosen after signing in",
		},
		{
			Name: "expired", GivenName: "Vüsal", Surname: "Babayev", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "2V3BJ8F", issuer: "business", from: -2 * year, to: -30 * day,
			Expect: esign.Expired, Note: "the certificate ended a month ago",
		},
		{
			Name: "notyet", GivenName: "Nigar", Surname: "Cəfərova", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "8N1CP4G", issuer: "business", from: 30 * day, to: 2 * year,
			Expect: esign.NotYetValid, Note: "the certificate begins in a month",
		},
		{
			Name: "revoked", GivenName: "Elçin", Surname: "Həsənov", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "5E7HR2W", issuer: "business",
			Expect: esign.Revoked, Note: "the issuer has withdrawn the certificate",
		},
		{
			Name: "suspended", GivenName: "Lalə", Surname: "Rzayeva", Organisation: textile,
			VOENs: []customs.VOEN{"1699000171"}, PIN: "6L3RZ8Y", issuer: "business",
			Expect: esign.Suspended, Note: "the issuer has suspended the certificate (certificateHold)",
		},
		{
			Name: "novoen", GivenName: "Tural", Surname: "Nəsirov", PIN: "9T5NY3H", issuer: "citizens",
			Expect: esign.NoVOEN, Note: "a citizen's certificate with a personal number only",
		},
		{
			Name: "deputy", GivenName: "Fərid", Surname: "Rzayev", PIN: "6F1RZ8D", issuer: "citizens",
			Represents: []customs.VOEN{"1499000151", "1599000161"},
			Expect:     esign.NoVOEN, Note: "a citizen's certificate, but the list of representatives names two companies: they sign in and choose",
		},
		{
			Name: "operator", GivenName: "Günel", Surname: "Həsənova", PIN: "3G7HN2Q", issuer: "citizens",
			Staff: customs.RoleOperator, Expect: esign.NoVOEN, Note: "an officer of the call centre, who looks on behalf of callers: /assist",
		},
		{
			Name: "operator2", GivenName: "Samir", Surname: "Kərimov", PIN: "8S4KR6V", issuer: "citizens",
			Staff: customs.RoleOperator, Expect: esign.NoVOEN, Note: "another officer of the call centre, who can agree to a case of the first",
		},
		{
			Name: "supervisor", GivenName: "Nərmin", Surname: "Vəliyeva", PIN: "6N2VL9E", issuer: "citizens",
			Staff: customs.RoleSupervisor, Expect: esign.NoVOEN, Note: "an official of the responsible department: /supervision",
		},
		{
			Name: "administrator", GivenName: "Ruslan", Surname: "Abbasov", PIN: "7R5AB3S", issuer: "citizens",
			Staff: customs.RoleAdministrator, Expect: esign.NoVOEN, Note: "proposes changes to the staff list: /staff",
		},
		{
			Name: "administrator2", GivenName: "Aytən", Surname: "Muradova", PIN: "5A9MR4D", issuer: "citizens",
			Staff: customs.RoleAdministrator, Expect: esign.NoVOEN, Note: "approves what the other administrator proposes",
		},
		{
			Name: "stranger", GivenName: "Aysel", Surname: "Məmmədova", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "5A7KM2L", issuer: "stranger",
			Expect: esign.IssuerNotTrusted, Note: "says the same as aysel's, from an issuer that the portal does not know",
		},
		{
			Name: "purpose", GivenName: "Orxan", Surname: "Səfərli", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "1P9SD6K", issuer: "business",
			eku:    []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			Expect: esign.WrongPurpose, Note: "a web server's certificate, not a person's",
		},
		{
			Name: "twice", GivenName: "Sevda", Surname: "Qasımova", Organisation: agro,
			VOENs: []customs.VOEN{"1499000151"}, PIN: "2S8QV5M", issuer: "business",
			extra:  []Value{{SerialNumber, "PNOAZ-5A7KM2L"}},
			Expect: esign.AttributeTwice, Note: "two personal numbers in one certificate",
		},
	}
}

// request asks for the person's certificate as of now.
func (p Person) request(now time.Time) Request {
	r := Request{
		Subject: []Value{{Country, "AZ"}}, Key: p.key,
		From: now.Add(-time.Hour), To: now.Add(2 * year),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection},
	}
	if p.from != 0 {
		r.From, r.To = now.Add(p.from), now.Add(p.to)
	}
	if p.eku != nil {
		r.ExtKeyUsage, r.KeyUsage = p.eku, x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment
	}
	if p.Organisation != "" {
		r.Subject = append(r.Subject, Value{Organisation, p.Organisation})
	}
	for _, v := range p.VOENs {
		r.Subject = append(r.Subject, Value{OrganisationID, "VATAZ-" + string(v)})
	}
	r.Subject = append(r.Subject, Value{SerialNumber, "PNOAZ-" + string(p.PIN)}, Value{GivenName, p.GivenName},
		Value{Surname, p.Surname}, Value{CommonName, p.FullName()})
	r.Subject = append(r.Subject, p.extra...)
	return r
}

// fits reports whether a certificate still shows at now what the person is
// there to show.
func (p Person) fits(c *x509.Certificate, now time.Time) bool {
	switch p.Expect {
	case esign.Expired:
		return now.After(c.NotAfter)
	case esign.NotYetValid:
		return now.Add(day).Before(c.NotBefore)
	}
	return !now.Before(c.NotBefore) && now.Add(day).Before(c.NotAfter)
}
