package sample

import (
	"math/rand/v2"
	"time"

	"customs.gov.az/portal/customs"
)

const check = "documents_check"

// requires says what is missing in a status, by the goods and by chance.
func requires(r *rand.Rand, s step, control string) []customs.Requirement {
	you := func(code, note string, days int) customs.Requirement {
		return requirement(s.at, customs.You, code, note, days)
	}
	office := func(code string) customs.Requirement { return requirement(s.at, customs.Customs, code, "", 0) }
	switch s.status {
	case customs.Registered:
		return []customs.Requirement{office(check)}
	case customs.UnderControl:
		return []customs.Requirement{pick(r, []customs.Requirement{office("weighing"), you("presentation_of_goods", "Nəqliyyat vasitəsini 3 nömrəli baxış meydançasına gətirin.", 1)})}
	case customs.DocsCheck:
		return papersMissing(r, s.at, control)
	case customs.Inspection:
		out := []customs.Requirement{office("inspection")}
		if control != "" && r.IntN(2) == 0 {
			out = append(out, agency(s.at, "laboratory_result", control))
		}
		return out
	case customs.InTransit:
		return []customs.Requirement{you("presentation_of_goods", "Malları təyinat gömrük orqanına təqdim edin.", 5)}
	case customs.Arrived:
		return []customs.Requirement{you("declaration", "", 15)}
	case customs.TempStorage:
		return []customs.Requirement{you(pick(r, []string{"declaration", "guarantee"}), "Mal müvəqqəti saxlanc anbarındadır.", pick(r, []int{0, 15, 30}))}
	case customs.Declared:
		return pick(r, [][]customs.Requirement{
			{office("release_decision")},
			{office(check)},
			{you("value_confirmation", "İnvoys dəyərini təsdiq edən sənədləri (müqavilə, bank çıxarışı) göndərin.", 10), office("release_decision")},
		})
	case customs.AwaitingPayment:
		return []customs.Requirement{you("payment", "", pick(r, []int{0, 5, 10}))}
	case customs.Held:
		return []customs.Requirement{you("import_permit", "İdxala icazə sənədi təqdim olunmayıb.", 20)}
	}
	return nil
}

// papersMissing is what a check of documents may find.
func papersMissing(r *rand.Rand, at time.Time, control string) []customs.Requirement {
	if control != "" && r.IntN(2) == 0 {
		return []customs.Requirement{agency(at, control, control)}
	}
	switch r.IntN(5) {
	case 0:
		return []customs.Requirement{requirement(at, customs.Customs, check, "", 0)}
	case 1:
		return []customs.Requirement{
			requirement(at, customs.You, "invoice", "İnvoysda malın çəkisi nəqliyyat sənədindəki ilə uyğun gəlmir.", 3),
			requirement(at, customs.You, "packing_list", "", 3),
		}
	case 2:
		return []customs.Requirement{requirement(at, customs.You, "certificate_of_origin", "Mənşə sertifikatının əslini təqdim edin.", 14)}
	case 3:
		return []customs.Requirement{requirement(at, customs.You, "transport_document", "Sənədin üzündə möhür oxunmur.", 0)}
	}
	return []customs.Requirement{requirement(at, customs.You, "packing_list", "", 7)}
}

func requirement(at time.Time, who customs.Actor, code, note string, days int) customs.Requirement {
	out := customs.Requirement{Code: code, Who: who, Note: note, Since: at}
	if days > 0 {
		due := time.Date(at.Year(), at.Month(), at.Day()+days, 18, 0, 0, 0, at.Location())
		out.Due = &due
	}
	return out
}

// agency is a requirement that another body must meet.
func agency(at time.Time, code, control string) customs.Requirement {
	out := requirement(at, customs.Agency, code, "", 0)
	switch control {
	case vet:
		out.Agency, out.Note = "AQTA", "Baytarlıq nəzarəti: nümunə götürülüb, rəy gözlənilir."
	case phyto:
		out.Agency, out.Note = "AQTA", "Fitosanitar müayinənin rəyi gözlənilir."
	case san:
		out.Agency, out.Note = "AQTA", "Qida təhlükəsizliyi üzrə sınaq protokolu hazırlanır."
	case conf:
		out.Agency, out.Note = "AZSTAND", "Uyğunluq sertifikatının təsdiqi gözlənilir."
	default:
		out.Agency, out.Note = "Səhiyyə Nazirliyi", "İcazənin təsdiqi gözlənilir."
	}
	return out
}
