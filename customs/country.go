package customs

import "sort"

// countries is ISO 3166-1: alpha-2 and numeric code, five bytes each, in
// alphabetic order.
const countries = "" +
	"AD020AE784AF004AG028AI660AL008AM051AO024AQ010AR032AS016AT040AU036AW533" +
	"AX248AZ031BA070BB052BD050BE056BF854BG100BH048BI108BJ204BL652BM060BN096" +
	"BO068BQ535BR076BS044BT064BV074BW072BY112BZ084CA124CC166CD180CF140CG178" +
	"CH756CI384CK184CL152CM120CN156CO170CR188CU192CV132CW531CX162CY196CZ203" +
	"DE276DJ262DK208DM212DO214DZ012EC218EE233EG818EH732ER232ES724ET231FI246" +
	"FJ242FK238FM583FO234FR250GA266GB826GD308GE268GF254GG831GH288GI292GL304" +
	"GM270GN324GP312GQ226GR300GS239GT320GU316GW624GY328HK344HM334HN340HR191" +
	"HT332HU348ID360IE372IL376IM833IN356IO086IQ368IR364IS352IT380JE832JM388" +
	"JO400JP392KE404KG417KH116KI296KM174KN659KP408KR410KW414KY136KZ398LA418" +
	"LB422LC662LI438LK144LR430LS426LT440LU442LV428LY434MA504MC492MD498ME499" +
	"MF663MG450MH584MK807ML466MM104MN496MO446MP580MQ474MR478MS500MT470MU480" +
	"MV462MW454MX484MY458MZ508NA516NC540NE562NF574NG566NI558NL528NO578NP524" +
	"NR520NU570NZ554OM512PA591PE604PF258PG598PH608PK586PL616PM666PN612PR630" +
	"PS275PT620PW585PY600QA634RE638RO642RS688RU643RW646SA682SB090SC690SD729" +
	"SE752SG702SH654SI705SJ744SK703SL694SM674SN686SO706SR740SS728ST678SV222" +
	"SX534SY760SZ748TC796TD148TF260TG768TH764TJ762TK772TL626TM795TN788TO776" +
	"TR792TT780TV798TW158TZ834UA804UG800UM581US840UY858UZ860VA336VC670VE862" +
	"VG092VI850VN704VU548WF876WS882YE887YT175ZA710ZM894ZW716"

// Country reads a country code of ISO 3166-1, alpha-2 ("AZ") or numeric
// ("031"), and returns its alpha-2 form. It reports false for anything that is
// not an assigned code, lower case included.
func Country(code string) (alpha2 string, ok bool) {
	if len(code) == 2 {
		return code, isoAlpha(countries, code)
	}
	return isoNumeric(countries, 2, code)
}

// isoAlpha looks a code up in a table of records alphabetic + three digits.
func isoAlpha(table, code string) bool {
	n, size := len(code), len(code)+3
	i := sort.Search(len(table)/size, func(i int) bool { return table[i*size:i*size+n] >= code })
	return i*size < len(table) && table[i*size:i*size+n] == code
}

// isoNumeric looks three digits up in such a table and returns the alphabetic
// code. Where two records share a number the later one wins: it is the newer.
func isoNumeric(table string, alpha int, code string) (string, bool) {
	if len(code) != 3 {
		return "", false
	}
	size := alpha + 3
	for i := len(table) - size; i >= 0; i -= size {
		if table[i+alpha:i+size] == code {
			return table[i : i+alpha], true
		}
	}
	return "", false
}
