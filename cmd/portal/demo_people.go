package main

import (
	"context"
	"fmt"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/feed/sample"
	"customs.gov.az/portal/mygov/demoid"
)

// demoTraders are the people of the demo with what they have at the border.
func demoTraders() []sample.Person {
	var list []sample.Person
	for _, p := range democa.People() {
		for i, v := range p.VOENs {
			n := map[string]int{"aysel": 17, "rashad": 6, "kamran": 260, "several": 4 + i}[p.Name]
			if n > 0 {
				list = append(list, sample.Person{VOEN: v, Name: p.Organisation, Pending: n})
			}
		}
	}
	return list
}

// myGovPeople are the demo's people as the provider knows them.
func myGovPeople() []demoid.Person {
	var list []demoid.Person
	for _, p := range democa.People() {
		who := demoid.Person{Name: p.Name, FullName: p.FullName(), PIN: string(p.PIN), Company: p.Organisation, Note: p.Note, Serial: "demo-" + p.Name}
		for _, v := range p.VOENs {
			who.VOENs = append(who.VOENs, string(v))
		}
		switch p.Expect {
		case "", esign.NoVOEN:
		default: // the provider does not let such a certificate in
			who.Fails = true
		}
		list = append(list, who)
	}
	return list
}

// fillRepresentatives imports the demo's list, unless there is one.
func fillRepresentatives(ctx context.Context, ownerURL string) error {
	list, err := db.Representatives(ctx, ownerURL)
	if err != nil || len(list) > 0 {
		return err
	}
	_, err = db.ReplaceRepresentatives(ctx, ownerURL, demoRepresentatives())
	return err
}

// demoRepresentatives is the demo's list of representatives.
func demoRepresentatives() []db.Representative {
	var list []db.Representative
	names := map[string]string{}
	for _, p := range democa.People() {
		for _, v := range p.VOENs {
			names[string(v)] = p.Organisation
		}
	}
	for _, p := range democa.People() {
		for _, v := range p.Represents {
			list = append(list, db.Representative{
				VOEN: v, Organisation: names[string(v)], PIN: p.PIN, Position: "Gömrük işləri üzrə mütəxəssis",
				From: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Access: true,
			})
		}
	}
	return list
}

// fillStaff makes the demo's staff list, unless there is one.
func fillStaff(ctx context.Context, ownerURL string) error {
	list, err := db.StaffList(ctx, ownerURL)
	if err != nil || len(list) > 0 {
		return err
	}
	for _, m := range demoStaff(time.Now()) {
		if err := db.PutStaff(ctx, ownerURL, m); err != nil {
			return err
		}
	}
	return nil
}

// demoStaff is the demo's staff list.
func demoStaff(now time.Time) []db.StaffMember {
	units := map[customs.StaffRole]struct{ prefix, unit string }{
		customs.RoleOperator:      {"OP", "Çağrı Mərkəzi"},
		customs.RoleSupervisor:    {"NZ", "Fəaliyyətin Qiymətləndirilməsi və İnkişaf Proqramları Baş İdarəsi"},
		customs.RoleAdministrator: {"AD", "Portalın inzibatçılığı"},
	}
	var list []db.StaffMember
	for _, p := range democa.People() {
		if p.Staff == "" {
			continue
		}
		u := units[p.Staff]
		list = append(list, db.StaffMember{
			PIN: p.PIN, Number: fmt.Sprintf("%s-%04d", u.prefix, 101+len(list)), Name: p.FullName(), Unit: u.unit, Role: p.Staff,
			Until: now.AddDate(2, 0, 0),
		})
	}
	return list
}
