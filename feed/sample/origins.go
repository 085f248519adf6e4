package sample

// origin is a country that goods come from: who sends and who carries, each
// written as people there write it.
type origin struct {
	code, currency   string // ISO 3166-1, ISO 4217
	senders          map[kind][]string
	cities           []string
	carriers, plates []string // in a plate ? is a letter and # a digit
}

// origins lists the countries by code. The companies are invented.
func origins() map[string]origin {
	return map[string]origin{
		"TR": {
			"TR", "TRY",
			map[kind][]string{
				edible:   {"Yıldıztepe Gıda San. ve Tic. Ltd. Şti."},
				material: {"Çınarlı Seramik A.Ş.", "Öztuğra Tekstil İhracat A.Ş.", "Güneyköprü Kimya San. A.Ş.", "Işıklar Mobilya Ltd. Şti."},
				machine:  {"Demirkuş Makina San. A.Ş.", "Bozkır Oto Yedek Parça Ltd. Şti."},
			},
			[]string{"Organize Sanayi Bölgesi 4. Cad. No: 18, Gaziantep", "Atatürk Mah. Çiğdem Sok. 7, İstanbul", "Liman Yolu 112, Mersin"},
			[]string{"Karayel Uluslararası Nakliyat A.Ş.", "Şimşek Lojistik Ltd. Şti."},
			[]string{"34 ??? ###", "27 ?? ###", "06 ??? ##", "33 ?? ####"},
		},
		"RU": {
			"RU", "RUB",
			map[kind][]string{
				edible:   {"ООО «Северная Нива»", "ООО «Агропромсоюз-Юг»", "ООО «Волжский маслозавод»"},
				material: {"АО «Уральский лесокомбинат „Ель“»", "ООО «Полимер-Поволжье»"},
				machine:  {"ООО «Камский автоагрегат»"},
			},
			[]string{"г. Ростов-на-Дону, ул. Портовая, д. 41", "г. Самара, Заводское шоссе, д. 9", "г. Екатеринбург, ул. Лесная, д. 3"},
			[]string{"ООО «Трансюжный путь»", "ИП Ковалёв С. П."},
			[]string{"?###??05", "?###??161", "?###??63"},
		},
		"GE": {
			"GE", "GEL",
			map[kind][]string{
				edible:   {"შპს „კოლხური ჩაი“"},
				material: {"შპს „მტკვრის მინა“", "შპს „რუსთავის ლითონი“"},
				machine:  {"შპს „ივერია მოტორსი“"},
			},
			[]string{"თბილისი, კახეთის გზატკეცილი 66", "ფოთი, პორტის ქ. 12"},
			[]string{"შპს „კავკასიის გზა“"},
			[]string{"??-###-??", "???-###"},
		},
		"IR": {
			"IR", "IRR",
			map[kind][]string{
				edible:   {"شرکت بازرگانی سپید کوه"},
				material: {"شرکت کاشی و سرامیک نگین یزد نو", "شرکت پتروشیمی دریای آبی"},
			},
			[]string{"تبریز، خیابان امام، پلاک ۱۲۴", "اردبیل، شهرک صنعتی ۲"},
			[]string{"شرکت حمل و نقل راه ابریشم نوین"},
			[]string{"##?###/45", "##?###/91"},
		},
		"CN": {
			"CN", "CNY",
			map[kind][]string{
				edible:   {"福建武山茶业有限公司"},
				material: {"义乌市晨光进出口有限公司", "山东北岭轮胎股份有限公司"},
				machine:  {"深圳市蓝鲸电子科技有限公司"},
			},
			[]string{"浙江省义乌市商城大道88号", "广东省深圳市南山区科技路16号"},
			[]string{"西安新丝路国际货运有限公司"},
			[]string{"??####"},
		},
		"DE": {
			"DE", "EUR",
			map[kind][]string{
				edible:   {"Allgäuer Molkerei Sonnhalde eG"},
				material: {"Süderelbe Chemie AG"},
				machine:  {"Hallertauer Fördertechnik GmbH", "Müller & Großkopf Filterbau KG"},
			},
			[]string{"Industriestraße 27, 84048 Mainburg", "Hafenstraße 5, 21079 Hamburg"},
			[]string{"Rheinbogen Spedition GmbH"},
			[]string{"HH-?? ####", "PAF-?? ###"},
		},
		"IT": {
			"IT", "EUR",
			map[kind][]string{
				material: {"Ceramiche Valdoro S.p.A."},
				machine:  {"Officine Meccaniche Brescello S.r.l."},
			},
			[]string{"Via dell'Artigianato 14, 41049 Sassuolo (MO)"},
			[]string{"Autotrasporti Adriatica S.r.l."},
			[]string{"?? ### ??"},
		},
		"PL": {
			"PL", "EUR",
			map[kind][]string{
				edible:   {"Mleczarnia Zielona Łąka Sp. z o.o.", "Drób Mazowsze Sp. z o.o."},
				material: {"Meble Podlasie Sp. z o.o."},
			},
			[]string{"ul. Przemysłowa 8, 06-400 Ciechanów"},
			[]string{"Trans-Wisła Sp. z o.o."},
			[]string{"WX ####?"},
		},
		"KZ": {
			"KZ", "USD",
			map[kind][]string{
				edible:   {"«Сарыарқа Астық» ЖШС"},
				material: {"«Маңғыстау Полимер» ЖШС"},
			},
			[]string{"Ақтау қ., 7-шағын аудан, 22"},
			[]string{"«Каспий Жолы» ЖШС"},
			[]string{"###???12", "###???02"},
		},
		"UZ": {
			"UZ", "USD",
			map[kind][]string{
				material: {"“Zarafshon Paxta” MCHJ", "“Oqtosh Toʻqimachilik” MCHJ"},
			},
			[]string{"Samarqand sh., Mustaqillik koʻchasi, 45"},
			[]string{"“Buyuk Yoʻl Trans” MCHJ"},
			[]string{"30 ? ### ??"},
		},
		"AE": {
			"AE", "USD",
			map[kind][]string{
				edible:   {"Desert Pearl General Trading L.L.C."},
				material: {"Dune Metals FZCO"},
				machine:  {"Al Safwa Gulf Trading FZE"},
			},
			[]string{"Jebel Ali Free Zone, South 4, Dubai"},
			[]string{"Gulf Horizon Cargo L.L.C."},
			[]string{"#####"},
		},
		"KR": {
			"KR", "USD",
			map[kind][]string{
				material: {"새한화학 주식회사"},
				machine:  {"한빛정밀 주식회사", "동해자동차부품 주식회사"},
			},
			[]string{"경기도 화성시 산업로 210"},
			[]string{"대양해운 주식회사"},
			[]string{"##?####"},
		},
	}
}
