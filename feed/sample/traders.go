package sample

import (
	"fmt"
	"strings"

	"customs.gov.az/portal/customs"
)

// words are what invented Azerbaijani companies and people are called by.
type words struct {
	stems, trades, forms, surnames, given, fathers, towns, streets []string
}

func azerbaijani() words {
	return words{
		stems: strings.Fields("Xəzər Öncül Şirvan Göyəzən Abşeron Qafqaz Odlar Muğan Göyçay Araz Kür Turan Şəki Lənkəran " +
			"Ümid Zəfər Nərgiz İpək Çinar Ağdam Ələt Şəfəq Günəş Qızılgül Darya Ulduz Bərəkət Köhlən Savalan Şahdağ Tufan"),
		trades: strings.Fields("Ticarət Qida Tikinti Aqro Tekstil Əczaçılıq Metal Avto Elektronika Mebel Logistika Kimya " +
			"Təchizat İnşaat Çörək Süd Şüşə Kağız Texnika Bağ İçki"),
		forms:    []string{"MMC", "MMC", "MMC", "MMC", "ASC", "QSC"},
		surnames: strings.Fields("Əliyev Məmmədov Həsənov Quliyev Hüseynov İsmayılov Cəfərov Rüstəmov Şükürov Ağayev Bağırov Nəcəfov"),
		given:    strings.Fields("Elçin Rəşad Vüqar Orxan Tərlan Ülvi İlqar Şahin Ceyhun Fərid Anar Nicat"),
		fathers:  strings.Fields("Əhməd Yusif Kərim Məhəmməd Qəzənfər İbrahim Sabir Çingiz Tofiq Ramiz"),
		towns: []string{
			"Bakı şəhəri", "Sumqayıt şəhəri", "Gəncə şəhəri", "Yevlax şəhəri", "Şəki şəhəri", "Lənkəran şəhəri",
			"Quba rayonu", "Şəmkir rayonu", "Mingəçevir şəhəri", "Naxçıvan şəhəri",
		},
		streets: []string{"Nizami", "Üzeyir Hacıbəyli", "Füzuli", "Səməd Vurğun", "Cəfər Cabbarlı", "Şah İsmayıl Xətai", "Koroğlu", "Bülbül"},
	}
}

// trader invents the i-th trader: always the same one for the same seed.
func (g *generator) trader(i int) customs.Party {
	r, w := g.source(uint64(i), 4), g.words
	p := customs.Party{Country: "AZ"}
	if r.IntN(8) == 0 {
		p.VOEN = voen(i, 2)
		p.Name = pick(r, w.surnames) + " " + pick(r, w.given) + " " + pick(r, w.fathers) + " oğlu (fərdi sahibkar)"
	} else {
		p.VOEN = voen(i, 1)
		p.Name = "«" + pick(r, w.stems) + " " + pick(r, w.trades)
		if r.IntN(3) == 0 {
			p.Name += "-" + pick(r, w.trades)
		}
		p.Name += "» " + pick(r, w.forms)
	}
	p.Address = fmt.Sprintf("%s, %s küçəsi, %d", pick(r, w.towns), pick(r, w.streets), 1+r.IntN(180))
	return p
}

// voen makes the i-th taxpayer number: territory, serial, check digit, legal
// status (1 legal person, 2 natural person). Of a serial and the one below it
// at least one has a check digit, since the last digit weighs 3 of 11.
func voen(i, status int) customs.VOEN {
	territories := [...]int{14, 15, 20, 17, 10, 16, 13, 29, 41, 60, 19, 99}
	n := len(territories)
	serial := 899_999 - 2*(i/n%400_000)
	for _, s := range [2]int{serial, serial - 1} {
		base := fmt.Sprintf("%02d%06d", territories[i%n], s)
		for d := range 10 {
			if v := customs.VOEN(fmt.Sprintf("%s%d%d", base, d, status)); v.CheckDigitOK() {
				return v
			}
		}
	}
	return "" // cannot be, see above; a test tries them
}
