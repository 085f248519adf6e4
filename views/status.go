package views

import (
	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// tone is the look of a status badge. Its words and its icon say the same.
type tone int

// The tones: neutral, in progress, the trader must act, detained, done.
const (
	plain tone = iota
	going
	acting
	stopped
	finished
)

// class is the tone's class in the style sheet.
func (t tone) class() string {
	switch t {
	case going:
		return "badge badge--go"
	case acting:
		return "badge badge--act"
	case stopped:
		return "badge badge--stop"
	case finished:
		return "badge badge--done"
	default:
		return "badge"
	}
}

// badgeOf chooses tone and icon for a status of goods that wait for who.
func badgeOf(s customs.Status, who customs.Actor) (tone, string) {
	t, icon := going, "hourglass"
	switch s {
	case customs.Registered:
		t, icon = plain, "clock"
	case customs.UnderControl:
		icon = "shield"
	case customs.DocsCheck:
		icon = "file"
	case customs.Inspection:
		icon = "inspect"
	case customs.InTransit:
		icon = "truck"
	case customs.Arrived:
		icon = "pin"
	case customs.TempStorage:
		icon = "box"
	case customs.Declared:
		icon = "filesign"
	case customs.AwaitingPayment:
		icon = "manat"
	case customs.Held:
		return stopped, "stop"
	case customs.Released, customs.ReExported, customs.Completed:
		return finished, "done"
	}
	if who == customs.You {
		t = acting
		if icon == "clock" || icon == "hourglass" || icon == "file" {
			icon = "alert"
		}
	}
	return t, icon
}

// modeIcon is the drawing for a mode of transport (UN/ECE Recommendation 19).
func modeIcon(mode int) string {
	switch mode {
	case 1, 8:
		return "ship"
	case 2:
		return "train"
	case 3:
		return "truck"
	case 4:
		return "plane"
	case 5:
		return "mail"
	default:
		return "box"
	}
}

// actorWords names who must act: another body by its own name, if known.
func actorWords(l *locales.Locale, who customs.Actor, agency string) string {
	if who == customs.Agency && agency != "" {
		return agency
	}
	return l.Actor(who)
}

// stepWords says what the actor has to do: in the portal's words, else in those
// of the checkpoint's note, else by the checkpoint's code.
func stepWords(l *locales.Locale, code string, who customs.Actor, note string) string {
	if note != "" && l.Step(code, who) == "" {
		return note
	}
	return StepOf(l, code, who)
}

// StepOf says what the actor has to do: in the portal's words, else by the
// checkpoint's code; "" without one.
func StepOf(l *locales.Locale, code string, who customs.Actor) string {
	if s := l.Step(code, who); s != "" || code == "" {
		return s
	}
	return l.T("goods.step_code", "code", code)
}
