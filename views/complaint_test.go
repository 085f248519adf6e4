package views

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

var sampleDraft = uuid.MustParse("0192d0c4-7b5a-7cc1-8a3e-3f2b1c0d9e8f")

func sampleComplaint() customs.Complaint {
	return customs.Complaint{
		Body: "Azərbaycan Respublikasının Dövlət Gömrük Komitəsi", Name: "“Xəzər Aqro Ticarət” MMC", Address: hostile, Representative: "Əliyev Rəşad", Standing: "Maraqlı şəxs",
		Kind: customs.OnInaction, Registration: "009222611000479", ActDate: "2026-11-16", ActNumber: "12-a", Officer: hostile, Phone: "050",
		Facts: "Bir.\n\n" + hostile, Demand: "Tələb", Grounds: "51-ci maddə", Attachments: "CMR\n  \nİnvoys",
	}
}

func sampleBuilder() ComplaintView {
	d := sampleDetail()
	return ComplaintView{
		ID: sampleDraft, Content: sampleComplaint(), VOEN: "1403287651", Found: &d.Detail, Checkpoint: d.Checkpoint, Receipt: "/receipts/1", Kept: 180 * 24 * time.Hour,
		Drafts: []DraftLine{
			{ID: sampleDraft, Registration: "R1", Kind: customs.OnAction, Facts: strings.Repeat(hostile, 10), ChangedAt: sampleNow, Drawn: true},
			{ID: uuid.New(), ChangedAt: sampleNow},
		},
	}
}

func sampleDocument(t *testing.T, lang string, seal SealState) ComplaintDocumentView {
	az, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := sampleDetail()
	e := customs.NewEvidence(d.Detail, d.Checkpoint)
	v := ComplaintDocumentView{
		ID: sampleDraft, Content: sampleComplaint(), VOEN: "1403287651", DrawnAt: sampleNow, Sheet: az.For("az"), Evidence: &e,
		Digest: strings.Repeat("ab", 32), Request: sampleDraft, Seal: seal, Answer: sampleAnswer(), Code: "i=1&h=2", Address: "portal.test/verify",
	}
	if lang == "en" {
		v.Preview = az.For("en")
	}
	return v
}

// Every page about complaints holds to what holds for all pages.
func TestComplaintPages(t *testing.T) {
	missing := regexp.MustCompile(`complaint\.[a-z_.]+|\{\w+\}|@\w+\(`)
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		problems := sampleBuilder()
		for _, f := range problems.Content.Fields() {
			fault := customs.FaultMissing
			switch {
			case f.Name == "registration":
				fault = customs.FaultUnknown
			case f.Name == "act_date":
				fault = customs.FaultDate
			case !f.Needed:
				fault = customs.FaultLong
			}
			problems.Problems = append(problems.Problems, customs.ComplaintProblem{Field: f.Name, Fault: fault, Limit: f.Limit})
		}
		bare := sampleDocument(t, lang, NoSeal)
		bare.Evidence, bare.Content = nil, customs.Complaint{Kind: customs.OnDecision}
		pages := map[string]templ.Component{
			"signed out": ComplaintSignIn(guestPage(t, lang), "/appeals/complaint?registration=1"), "builder": Complaint(p, sampleBuilder()), "new": Complaint(p, ComplaintView{Kept: time.Hour}),
			"problems": Complaint(p, problems), "delete": ComplaintDelete(p, sampleBuilder().Drafts[0]), "document": ComplaintDocument(p, sampleDocument(t, lang, Sealed)),
			"unsealed": ComplaintDocument(p, sampleDocument(t, lang, Unsealed)), "no seal": ComplaintDocument(p, sampleDocument(t, lang, NoSeal)), "bare": ComplaintDocument(p, bare),
		}
		for _, n := range []ComplaintNotice{NoticeSaved, NoticeDeleted, NoticeEnded, NoticeFailed, NoticeTooMany, NoticeMoved} {
			v := sampleBuilder()
			v.Notice = n
			pages["notice "+string(n)] = Complaint(p, v)
		}
		for name, page := range pages {
			t.Run(lang+" "+name, func(t *testing.T) {
				doc := parse(t, page)
				checkFiles(t, p, doc)
				checkPage(t, doc, lang)
				checkDescriptions(t, doc)
				if key := missing.FindString(text(all(doc, "body")[0])); key != "" {
					t.Errorf("the page shows %q", key)
				}
			})
		}
	}
}

// The document is in Azerbaijani for every reader; who reads English reads the
// same beside it, marked as no document.
func TestComplaintDocumentLanguages(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		doc := parse(t, ComplaintDocument(samplePage(t, lang), sampleDocument(t, lang, Sealed)))
		sheets := byClass(doc, "sheet")
		if want := map[string]int{"az": 1, "en": 2}[lang]; len(sheets) != want {
			t.Fatalf("%s: %d sheets", lang, len(sheets))
		}
		shown := text(sheets[0])
		for _, want := range []string{
			"İNZİBATİ ŞİKAYƏT", "1. Şikayət edilən hərəkətsizlik", "2. Faktlar", "3. Sübutlar", "4. Tələb", "5. Tələbin əsasları", "6. Əlavələr", "Tarix: 20.11.2026", "İmza: Əliyev Rəşad",
			"Sənədlər yoxlanılır", "Şikayətçi: mənşə sertifikatı", "AQTA: ", "1234567 nömrəli", "1234570 qeyd", hostile, "6802910000", "286 yer",
		} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: no %q in %s", lang, want, shown)
			}
		}
		if attribute(sheets[0], "lang") != "az" || !hasClass(all(doc, "body")[0], "is-doc") {
			t.Error("the sheet is not marked as Azerbaijani, or the page not as a document")
		}
		if m := regexp.MustCompile(`\d+[- ]?(gün|iş günü|ay)\b`).FindString(shown); m != "" {
			t.Errorf("the document promises a period: %q", m)
		}
		if lang == "en" && (!strings.Contains(text(sheets[1]), "ADMINISTRATIVE COMPLAINT") || !strings.Contains(text(sheets[1]), "Documents under check")) {
			t.Errorf("preview: %s", text(sheets[1]))
		}
	}
	// Nothing is vouched for before it is signed.
	shown := text(byClass(parse(t, ComplaintDocument(samplePage(t, "az"), sampleDocument(t, "az", Unsealed))), "sheet")[0])
	if strings.Contains(shown, "1234567 nömrəli") || len(all(byClass(parse(t, ComplaintDocument(samplePage(t, "az"), sampleDocument(t, "az", NoSeal))), "sheet")[0], "img")) != 0 {
		t.Error("an unsigned entry is printed as signed")
	}
}

// Only what was given is printed; the line for an address is there to be written on.
func TestComplaintSheetLeavesOut(t *testing.T) {
	v := sampleDocument(t, "az", NoSeal)
	v.Evidence = nil
	v.Content = customs.Complaint{Kind: customs.OnDecision, Name: "Ad", Facts: "a", Demand: "b", Grounds: "c"}
	sheet := byClass(parse(t, ComplaintDocument(samplePage(t, "az"), v)), "sheet")[0]
	shown := text(sheet)
	for _, absent := range []string{"Telefon", "Nümayəndə", "Əlavələr", "Sübutlar", "Qeydiyyat kodu", "Nömrə"} {
		if strings.Contains(shown, absent) {
			t.Errorf("%q without a value", absent)
		}
	}
	if len(byClass(sheet, "blank")) != 1 || !strings.Contains(shown, "Növbəti bənddə təsvir edilib") || !strings.Contains(shown, "İmza: Ad") || !strings.Contains(shown, "4. Tələbin əsasları") {
		t.Error(shown)
	}
	if aside := text(all(parse(t, ComplaintDocument(samplePage(t, "az"), v)), "aside")[0]); !strings.Contains(aside, "əl ilə yazın") || strings.Contains(aside, "Sübut") {
		t.Error(aside)
	}
}

// The wording of a fault names the field's own remedy.
func TestProblemWords(t *testing.T) {
	p := samplePage(t, "en")
	seen := map[string]string{}
	for _, f := range new(customs.Complaint).Fields() {
		if !f.Needed {
			continue
		}
		w := problemWords(p.L, customs.ComplaintProblem{Field: f.Name, Fault: customs.FaultMissing})
		if seen[w] != "" || strings.Contains(w, "complaint.") {
			t.Errorf("%s: %q, like %s", f.Name, w, seen[w])
		}
		seen[w] = f.Name
	}
	if w := problemWords(p.L, customs.ComplaintProblem{Field: "facts", Fault: customs.FaultLong, Limit: 8000}); !strings.Contains(w, "8,000") || !strings.Contains(w, "What happened?") {
		t.Error(w)
	}
}
