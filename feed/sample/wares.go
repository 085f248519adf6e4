package sample

import "strings"

// kind is a branch of trade: a sender deals in one.
type kind byte

const (
	edible kind = iota
	material
	machine
)

// ware is one sort of goods. The six-digit codes are of the Harmonized System
// 2022; the endings of longer codes are samples.
type ware struct {
	hs      string   // six digits
	kind    kind     // set by wares
	from    string   // the countries that send such goods
	name    string   // in Azerbaijani
	details []string // what a description may go on with
	pack    string   // UN/ECE Recommendation 21
	kilos   int      // net kilograms a package
	unit    string   // of the quantity, "" if goods are only weighed
	grams   int      // net grams a unit
	price   int      // US cents a kilogram
	control string   // the requirement that such goods often meet, "" for none
	bulk    bool     // comes loose, by rail or sea
}

const (
	vet   = "veterinary_certificate"
	phyto = "phytosanitary_certificate"
	san   = "sanitary_certificate"
	conf  = "conformity_certificate"
)

func wares() []ware {
	var all []ware
	for k, list := range [...][]ware{edible: food(), material: materials(), machine: machines()} {
		for _, w := range list {
			w.kind = kind(k)
			all = append(all, w)
		}
	}
	return all
}

// suits reports whether such goods come from a country by a mode of transport:
// loose goods not by road or air, cheap ones not by air.
func (w ware) suits(country string, mode int) bool {
	return strings.Contains(w.from, country) && (!w.bulk || mode <= 2) && (mode != 4 || w.price >= 400)
}

func food() []ware {
	return []ware{
		{hs: "020714", from: "TR PL RU", name: "Dondurulmuş toyuq əti, hissələri və əlavələri", details: []string{"bud, 15 kq-lıq bloklarda", "qanad, 10 kq", "sümüksüz döş əti, dərisiz", "halal kəsim"}, pack: "CT", kilos: 15, price: 190, control: vet},
		{hs: "040510", from: "PL RU DE", name: "Kərə yağı", details: []string{"yağlılığı 82,5 %", "25 kq-lıq bloklarda", "duzsuz, üzlü süddən", "200 q-lıq folqada"}, pack: "CT", kilos: 25, price: 620, control: vet},
		{hs: "070200", from: "TR IR", name: "Təzə və ya soyudulmuş pomidor", details: []string{"«Çəhrayı» sortu, istixana", "salxım, 6 kq-lıq yeşiklərdə", "1-ci növ"}, pack: "CR", kilos: 6, price: 95, control: phyto},
		{hs: "080222", from: "TR GE", name: "Qabığı təmizlənmiş fındıq", details: []string{"kalibr 11–13 mm", "qovrulmamış, vakuum qablaşdırmada", "«Ata-Baba» sortu"}, pack: "BG", kilos: 25, price: 780, control: phyto},
		{hs: "081070", from: "TR IR", name: "Təzə xurma", details: []string{"«Xiakume» sortu", "«Şarlı» sortu, 4 kq-lıq karton qutularda"}, pack: "CT", kilos: 4, price: 70, control: phyto},
		{hs: "090230", from: "GE IR CN AE", name: "Qara çay (3 kq-dan artıq olmayan qablaşdırmada)", details: []string{"iri yarpaqlı, 250 q", "bergamotlu, 100 paket × 2 q", "Seylon, 500 q-lıq metal qutuda"}, pack: "CT", kilos: 12, price: 540, control: san},
		{hs: "100199", from: "RU KZ", name: "Buğda (bərk buğdadan başqa, toxumluq deyil)", details: []string{"3-cü sinif, zülal 12,5 %", "4-cü sinif, tökmə halda"}, pack: "VR", kilos: 60_000, price: 26, control: phyto, bulk: true},
		{hs: "151219", from: "RU TR", name: "Günəbaxan yağı, xam olmayan", details: []string{"təmizlənmiş, 5 l-lik PET qablarda", "dezodorasiya edilmiş, 1 l", "fritür üçün, 10 l"}, pack: "CT", kilos: 18, price: 130, control: san},
		{hs: "170199", from: "RU PL", name: "Ağ şəkər", details: []string{"çuğundurdan, 50 kq-lıq kisələrdə", "qamışdan, ICUMSA 45"}, pack: "SA", kilos: 50, price: 62, control: san},
		{hs: "210690", from: "TR DE PL AE", name: "Digər hazır qida məhsulları", details: []string{"zülal qatışığı, vanil dadlı", "qida əlavəsi, kapsullarda", "şirniyyat üçün hazır krem"}, pack: "CT", kilos: 8, price: 690, control: san},
		{hs: "220210", from: "TR GE RU", name: "Şəkər əlavə edilmiş qazlı sular", details: []string{"limonlu, 0,5 l", "nar şirəli, 1,5 l PET", "tərxun dadlı, şüşə qabda"}, pack: "PA", kilos: 9, unit: "l", grams: 1000, price: 55, control: san},
	}
}

func materials() []ware {
	return []ware{
		{hs: "271019", from: "RU AE DE", name: "Neft məhsulları (yüngül distillatlardan başqa)", details: []string{"mühərrik yağı 10W-40, 4 l", "hidravlik yağ HLP 46, 205 l-lik çəlləklərdə", "dizel yanacağı, EN 590"}, pack: "DR", kilos: 180, unit: "l", grams: 870, price: 150},
		{hs: "310210", from: "RU IR UZ", name: "Karbamid", details: []string{"azot 46,2 %, qranullaşdırılmış", "B markalı, biq-beqlərdə"}, pack: "BG", kilos: 1000, price: 38},
		{hs: "330499", from: "TR DE IT AE KR", name: "Kosmetik vasitələr, dəriyə qulluq üçün", details: []string{"nəmləndirici üz kremi, 50 ml", "günəşdən qoruyucu süd, SPF 50", "əl kremi, çobanyastığı ilə"}, pack: "CT", kilos: 7, unit: "əd", grams: 80, price: 1450, control: conf},
		{hs: "340250", from: "TR PL RU", name: "Yuyucu vasitələr, pərakəndə satış üçün", details: []string{"rəngli paltar üçün toz, 3 kq", "qabyuyan maşın üçün həblər", "maye, 1,5 l"}, pack: "CT", kilos: 12, price: 140, control: conf},
		{hs: "390110", from: "IR KR RU KZ", name: "Polietilen, ilkin formada", details: []string{"xüsusi çəkisi 0,94-dən az, qranul", "LDPE 15803-020"}, pack: "BG", kilos: 25, price: 125},
		{hs: "390210", from: "IR TR KZ", name: "Polipropilen, ilkin formada", details: []string{"homopolimer, qranul, PP H030", "lif üçün, MFI 25"}, pack: "BG", kilos: 25, price: 118},
		{hs: "401110", from: "TR CN KR RU", name: "Minik avtomobilləri üçün yeni şinlər", details: []string{"205/55 R16 91V, yay", "195/65 R15, qış, mismarsız", "225/45 R17"}, pack: "NE", kilos: 9, unit: "əd", grams: 9000, price: 410},
		{hs: "401120", from: "CN TR", name: "Avtobus və yük avtomobilləri üçün yeni şinlər", details: []string{"315/80 R22.5", "385/65 R22.5, qoşqu üçün"}, pack: "NE", kilos: 62, unit: "əd", grams: 62_000, price: 330},
		{hs: "440711", from: "RU", name: "Şam ağacından taxta-şalban", details: []string{"kənarlı taxta, 50×150×6000 mm", "tir, 100×100 mm, qurudulmuş"}, pack: "BE", kilos: 1200, unit: "m³", grams: 520_000, price: 42, control: phyto},
		{hs: "481910", from: "TR GE", name: "Qofrələnmiş kartondan qutular", details: []string{"beşqat, 600×400×400 mm", "meyvə üçün, çapla", "yığılmamış"}, pack: "PX", kilos: 380, unit: "əd", grams: 420, price: 105},
		{hs: "520100", from: "UZ", name: "Pambıq lifi, daranmamış", details: []string{"1-ci sort, ştapel 33 mm", "maşınla yığılmış, tay 220 kq"}, pack: "BL", kilos: 220, price: 175},
		{hs: "611020", from: "TR CN UZ IT", name: "Pambıqdan trikotaj sviterlər", details: []string{"qadın üçün, S–XL", "uşaq üçün, naxışlı", "kişi üçün, boğazlı, tünd göy"}, pack: "CT", kilos: 14, unit: "əd", grams: 380, price: 1600, control: conf},
		{hs: "620342", from: "TR CN UZ", name: "Pambıqdan kişi şalvarları", details: []string{"cins, göy, ölçü 30–38", "klassik biçim, bej"}, pack: "CT", kilos: 16, unit: "əd", grams: 610, price: 1350, control: conf},
		{hs: "690721", from: "TR IR IT CN", name: "Keramik plitələr", details: []string{"60×60 sm, parlaq, mərmər naxışlı", "30×90 sm, divar üçün, ağ", "su hopdurması 0,5 %-dən az"}, pack: "PX", kilos: 1150, unit: "m²", grams: 21_000, price: 48},
		{hs: "700529", from: "GE TR RU IR", name: "Float şüşə", details: []string{"4 mm, şəffaf, 3210×2250 mm", "6 mm, bürünc rəngli"}, pack: "CR", kilos: 2300, unit: "m²", grams: 10_000, price: 44},
		{hs: "721420", from: "TR GE RU IR", name: "Armatur polad", details: []string{"Ø12 mm, A500C, 12 m", "Ø16 mm, bağlamada", "Ø8 mm"}, pack: "BE", kilos: 2500, price: 66, control: conf},
		{hs: "760110", from: "AE IR KZ", name: "Emal olunmamış alüminium", details: []string{"külçə, saflığı 99,7 %", "silindrik slitok"}, pack: "BE", kilos: 1000, price: 240},
		{hs: "940360", from: "TR IT PL CN", name: "Digər taxta mebel", details: []string{"yataq otağı dəsti, sökülmüş halda", "kitab rəfi, palıd şponu", "yemək masası, 6 nəfərlik"}, pack: "PK", kilos: 35, unit: "əd", grams: 35_000, price: 290},
	}
}

func machines() []ware {
	return []ware{
		{hs: "300490", from: "TR DE IT", name: "Dərman vasitələri, pərakəndə satış üçün", details: []string{"ibuprofen 400 mq, 20 həb", "antibiotik, toz, 1 q flakon", "öskürək üçün şərbət, 100 ml"}, pack: "CT", kilos: 6, unit: "qutu", grams: 60, price: 5200, control: "import_permit"},
		{hs: "841821", from: "TR CN KR", name: "Məişət soyuducuları", details: []string{"iki kameralı, 340 l, No Frost", "bir kameralı, 120 l, ağ", "kompressorlu, A++"}, pack: "BX", kilos: 62, unit: "əd", grams: 62_000, price: 480, control: conf},
		{hs: "842123", from: "DE TR CN KR", name: "Yağ və yanacaq filtrləri", details: []string{"mühərrik yağı üçün, M20×1,5", "dizel, incə təmizləmə"}, pack: "BX", kilos: 9, unit: "əd", grams: 350, price: 980},
		{hs: "843149", from: "CN KR TR DE", name: "Ekskavator və qazma texnikası hissələri", details: []string{"çalov dişləri", "tırtıl bəndi, 49 L", "hidravlik silindr, 80×50"}, pack: "CS", kilos: 240, price: 610},
		{hs: "847130", from: "CN AE", name: "Portativ kompüterlər", details: []string{"14\", 16 GB, 512 GB SSD", "15,6\", i5, Azərbaycan klaviaturası", "13\", gümüşü"}, pack: "CT", kilos: 22, unit: "əd", grams: 2200, price: 31_000, control: conf},
		{hs: "850760", from: "CN KR", name: "Litium-ion akkumulyatorlar", details: []string{"24 V, 100 Ah, yükləyici üçün", "18650, 3,6 V", "elektrik velosipedi üçün, 36 V"}, pack: "CT", kilos: 18, unit: "əd", grams: 1200, price: 2600},
		{hs: "851713", from: "CN AE KR", name: "Smartfonlar", details: []string{"6,5\", 128 GB, qara", "6,1\", 256 GB, IMEI siyahısı əlavə olunur", "ikisimli, 64 GB"}, pack: "CT", kilos: 11, unit: "əd", grams: 420, price: 48_000, control: conf},
		{hs: "853710", from: "TR DE CN", name: "Elektrik idarəetmə lövhələri", details: []string{"0,4 kV, IP54", "nasos stansiyası üçün, proqramlaşdırılan"}, pack: "CS", kilos: 85, unit: "əd", grams: 85_000, price: 1900},
		{hs: "870323", from: "KR DE AE GE", name: "Minik avtomobilləri, 1500–3000 sm³, benzin", details: []string{"2024-cü il, 1998 sm³, ağ", "işlənmiş, 2021-ci il, 2494 sm³", "hibrid deyil, avtomat sürətlər qutusu"}, pack: "NE", kilos: 1480, unit: "əd", grams: 1_480_000, price: 1250, control: conf},
		{hs: "870899", from: "TR DE KR CN RU", name: "Avtomobil ehtiyat hissələri", details: []string{"əyləc diskləri, qabaq", "amortizator, qaz-yağ", "ötürücü valın çarpazı", "yük avtomobili üçün karter"}, pack: "BX", kilos: 20, price: 720},
		{hs: "842121", from: "TR DE IT CN", name: "Suyun filtrlənməsi avadanlığı", details: []string{"əks osmos, 8 m³/saat", "məişət üçün, üçpilləli"}, pack: "CS", kilos: 120, unit: "əd", grams: 120_000, price: 850},
	}
}
