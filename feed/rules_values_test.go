package feed_test

import (
	"strings"

	"customs.gov.az/portal/feed"
)

func numberRules() []rule {
	return []rule{
		{path: "goods/0/gross_mass", value: `999999999999.999`},
		{path: "goods/0/gross_mass", value: `1000000000000`, code: feed.TooLarge},
		{path: "goods/0/gross_mass", value: `1e999999999999`, code: feed.TooLarge, beyond: true},
		{path: "goods/0/gross_mass", value: `1e-999999999999`, code: feed.TooPrecise, beyond: true},
		{path: "goods/0/gross_mass", value: `0e999999999999`, beyond: true},
		{path: "goods/0/gross_mass", value: `1.2345`, code: feed.TooPrecise, beyond: true},
		{path: "goods/0/gross_mass", value: `1.23400`},
		{path: "goods/0/gross_mass", value: `1.2E7`},
		{path: "goods/0/gross_mass", value: `125e-2`},
		{path: "goods/0/gross_mass", value: `0`},
		{path: "goods/0/gross_mass", value: `-0.0`},
		{path: "goods/0/gross_mass", value: `-0.5`, code: feed.Negative},
		{path: "goods/0/gross_mass", value: `"5"`, code: feed.WantNumber},
		{path: "goods/0/gross_mass", value: `null`},
		{path: "goods/0/net_mass", value: `[5]`, code: feed.WantNumber},
		{path: "goods/0/quantity", value: `12.345`},
		{path: "goods/0/value", value: `9999999999999999.99`},
		{path: "goods/0/value", value: `10000000000000000`, code: feed.TooLarge},
		{path: "goods/0/value", value: `0.001`, code: feed.TooPrecise, beyond: true},
		{path: "goods/0/item", value: `0`, code: feed.TooSmall},
		{path: "goods/0/item", value: `100000`, code: feed.TooLarge},
		{path: "goods/0/item", code: feed.Missing},
		{path: "goods/0/packages", value: `{"count":0,"type":"VL"}`},
		{path: "goods/0/packages", value: `{"count":99999999,"type":null}`},
		{path: "goods/0/packages", value: `{"count":100000000}`, code: feed.TooLarge},
		{path: "goods/0/packages", value: `{"type":"CT"}`, code: feed.Missing},
		{path: "goods/0/packages", value: `{"count":1,"type":"CTNS"}`, code: feed.BadForm},
		{path: "goods/0/packages", value: `12`, code: feed.WantObject},
		{path: "transport", code: feed.Missing},
		{path: "transport/mode", code: feed.Missing},
		{path: "transport/mode", value: `null`, code: feed.Missing},
		{path: "transport/mode", value: `0`},
		{path: "transport/mode", value: `10`, code: feed.TooLarge},
		{path: "transport/mode", value: `"3"`, code: feed.WantNumber},
	}
}

func listRules() []rule {
	item := func(n, more string) string {
		return `{"item":` + n + `,"description":"x","commodity_code":"0902"` + more + `}`
	}
	return []rule{
		{path: "goods", code: feed.Missing},
		{path: "goods", value: `null`, code: feed.Missing},
		{path: "goods", value: `[]`, code: feed.Missing},
		{path: "goods", value: `{}`, code: feed.WantList},
		{path: "goods", value: `[null]`, code: feed.Missing},
		{path: "goods", value: `["x"]`, code: feed.WantObject},
		{path: "goods", value: items(10_000)},
		{path: "goods", value: items(10_001), code: feed.TooMany},
		{path: "goods", value: "[" + item("2", "") + "," + item("1", "") + "]"},
		{path: "goods", value: "[" + item("1", "") + "," + item("2", "") + "," + item("1", "") + "]", code: feed.DuplicateItem, beyond: true},
		{path: "goods", value: "[" + item("1", `,"value":9999999999999999.99,"currency":"AZN"`) + "," + item("2", `,"value":0.01,"currency":"AZN"`) + "]", code: feed.SumTooLarge, beyond: true},
		{path: "goods", value: "[" + item("1", `,"value":9999999999999999.99,"currency":"AZN"`) + "," + item("2", `,"value":0.01,"currency":"USD"`) + "]"},
		{path: "goods", value: "[" + item("1", `,"gross_mass":999999999999`) + "," + item("2", `,"gross_mass":1`) + "]", code: feed.SumTooLarge, beyond: true},
		{path: "goods", value: "[" + item("1", `,"net_mass":999999999999.999`) + "," + item("2", `,"net_mass":0.001`) + "]", code: feed.SumTooLarge, beyond: true},
		{path: "goods", value: "[" + item("1", `,"gross_mass":1,"net_mass":1.001`) + "]", code: feed.NetOverGross},
		{path: "documents", value: list(200, `{"type":"730","number":"1"}`)},
		{path: "documents", value: list(201, `{"type":"730","number":"1"}`), code: feed.TooMany},
		{path: "documents", value: `[]`},
		{path: "documents", value: `[null]`, code: feed.Missing},
		{path: "documents", value: `[{"type":"730"}]`, code: feed.Missing},
		{path: "documents", value: `[{"type":"7300","number":"1"}]`, code: feed.BadForm},
		{path: "documents", value: `[{"type":730,"number":"1"}]`, code: feed.WantText},
		{path: "documents", value: `[{"type":"730","number":` + text(71) + `}]`, code: feed.TooLong},
		{path: "previous_documents", value: `[{"type":"ZZZ","number":"№ 5","extra":1}]`, code: feed.UnknownMember},
		{path: "requires", value: list(100, `{"code":"x","who":"customs","since":"2026-05-04T08:00:00Z"}`)},
		{path: "requires", value: list(101, `{"code":"x","who":"customs","since":"2026-05-04T08:00:00Z"}`), code: feed.TooMany},
		{path: "requires", value: `[{"code":"x","who":"me","since":"2026-05-04T08:00:00Z"}]`, code: feed.NotAnActor},
		{path: "requires", value: `[{"code":"Yoxlama aktı","who":"you","since":"2026-05-04T08:00:00Z"}]`},
		{path: "requires", value: `[{"code":"","who":"you","since":"2026-05-04T08:00:00Z"}]`, code: feed.Missing},
		{path: "requires", value: `[{"code":"a\nb","who":"you","since":"2026-05-04T08:00:00Z"}]`, code: feed.ControlChar},
		{path: "requires", value: `[{"code":"` + strings.Repeat("ə", 61) + `","who":"you","since":"2026-05-04T08:00:00Z"}]`, code: feed.TooLong},
		{path: "requires", value: `[{"code":"x","who":"agency","since":"2026-05-04T08:00:00Z"}]`, code: feed.AgencyMissing},
		{path: "requires", value: `[{"code":"x","who":"agency","agency":"AQTA","since":"2026-05-04T08:00:00Z"}]`},
		{path: "requires", value: `[{"code":"x","who":"you","note":` + text(4001) + `,"since":"2026-05-04T08:00:00Z"}]`, code: feed.TooLong},
		{path: "requires", value: `[null]`, code: feed.Missing},
		{path: "transport/containers", value: list(100, `"MSKU1234565"`)},
		{path: "transport/containers", value: list(101, `"MSKU1234565"`), code: feed.TooMany},
		{path: "transport/containers", value: `[""]`, code: feed.Missing},
		{path: "transport/containers", value: `[1]`, code: feed.WantText},
		{path: "transport/containers", value: `"MSKU1234565"`, code: feed.WantList},
		{path: "transport/seals", value: `[null]`, code: feed.Missing},
		{path: "transport/seals", value: `["` + strings.Repeat("1", 41) + `"]`, code: feed.TooLong},
		{path: "transport/vehicle", value: `"10-AB-123"`},
		{path: "transport/vehicle", value: `"10\tAB"`, code: feed.ControlChar},
	}
}

func codeRules() []rule {
	return []rule{
		{path: "goods/0/description", value: text(4000)},
		{path: "goods/0/description", value: text(4001), code: feed.TooLong},
		{path: "goods/0/description", value: `"=cmd|' /C calc'!A0"`},
		{path: "goods/0/description", value: `"\u202Eabc"`, code: feed.HiddenChar},
		{path: "goods/0/description", value: `"\u202E\u2066"`, code: feed.HiddenChar},
		{path: "goods/0/description", code: feed.Missing},
		{path: "goods/0/commodity_code", value: `"0902"`},
		{path: "goods/0/commodity_code", value: `"0902300000"`},
		{path: "goods/0/commodity_code", value: `"090"`, code: feed.BadForm},
		{path: "goods/0/commodity_code", value: `"09023000001"`, code: feed.BadForm},
		{path: "goods/0/commodity_code", value: `"0902 30"`, code: feed.BadForm},
		{path: "goods/0/commodity_code", value: `902`, code: feed.WantText},
		{path: "goods/0/commodity_code", code: feed.Missing},
		{path: "goods/0/unit", value: `"m²"`},
		{path: "goods/0/unit", value: text(21), code: feed.TooLong},
		{path: "goods/0/currency", value: `"944"`},
		{path: "goods/0/currency", value: `"000"`},
		{path: "goods/0/currency", value: `"AZN"`},
		{path: "goods/0/currency", value: `"RUR"`, code: feed.UnknownCurrency},
		{path: "goods/0/currency", value: `"810"`, code: feed.UnknownNumber, beyond: true},
		{path: "goods/0/currency", value: `"azn"`, code: feed.BadForm},
		{path: "goods/0/currency", value: `944`, code: feed.WantText},
		{path: "goods/0/origin", value: `"268"`},
		{path: "goods/0/origin", value: `"GEO"`, code: feed.BadForm},
		{path: "transport/nationality", value: `"TR"`},
		{path: "transport/nationality", value: `"T"`, code: feed.BadForm},
	}
}
