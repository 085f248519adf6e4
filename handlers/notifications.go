package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/mail"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// notifications shows who is told by e-mail.
func (p *Portal) notifications(c echo.Context, key db.SessionKey) error {
	done := views.NotificationsDone(c.QueryParam("done"))
	if !done.Known() {
		done = ""
	}
	return p.showNotifications(c, key, http.StatusOK, views.NotificationsView{Done: done, New: firstWish(c)})
}

// firstWish is what the form for another address begins with.
func firstWish(c echo.Context) customs.Wish {
	return customs.Wish{Lang: locale(c).Lang(), Events: customs.NewsKinds}
}

func (p *Portal) showNotifications(c echo.Context, key db.SessionKey, status int, v views.NotificationsView) error {
	s, list, err := p.DB.MailAddresses(c.Request().Context(), key)
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	v.Addresses = list
	return html(c, status, views.Notifications(p.personal(c, "notifications.title", s), v))
}

// addAddress adds an address. What was typed comes back with the problem.
func (p *Portal) addAddress(c echo.Context, key db.SessionKey) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	v := views.NotificationsView{Address: strings.ToValidUTF8(form.Get("address"), "\ufffd"), New: readWish(form)}
	if len(v.Address) > 1000 {
		v.Address = "" // nobody wants this back
	}
	address, err := mail.ParseAddress(form.Get("address"))
	switch {
	case strings.TrimSpace(form.Get("address")) == "":
		v.Problem = views.NotificationsNoAddress
	case err != nil:
		v.Problem = views.NotificationsBadAddress
	case !v.New.Valid():
		v.Problem = views.NotificationsNoEvents
	}
	if v.Problem != "" {
		return p.showNotifications(c, key, http.StatusUnprocessableEntity, v)
	}
	err = p.changing(c, key, "add", func(ctx context.Context, s db.Session) error {
		if err := p.mayAsk(ctx, s, address); err != nil {
			return err
		}
		_, err := p.DB.AddMailAddress(ctx, key, address, v.New)
		return err
	})
	switch {
	case errors.Is(err, db.ErrAddressThere):
		v.Problem = views.NotificationsThere
	case errors.Is(err, db.ErrManyAddresses):
		v.Problem = views.NotificationsMany
	case errors.Is(err, errTooOften):
		v.Problem = views.NotificationsRate
		return p.showNotifications(c, key, http.StatusTooManyRequests, v)
	case errors.Is(err, db.ErrNoSession):
		return p.expired(c)
	case err != nil:
		return err
	default:
		return notificationsDone(c, views.NotificationsAdded)
	}
	return p.showNotifications(c, key, http.StatusUnprocessableEntity, v)
}

// changeAddress changes, removes or asks again about one address.
func (p *Portal) changeAddress(c echo.Context, key db.SessionKey) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	v := views.NotificationsView{Changed: c.Param("id"), Wish: readWish(form), New: firstWish(c)}
	id := uuidParam(c, "id")
	if id == uuid.Nil {
		return echo.NewHTTPError(http.StatusNotFound)
	}
	done, change := views.NotificationsChanged, func(ctx context.Context, _ db.Session) error {
		return p.DB.ChangeMailAddress(ctx, key, id, v.Wish)
	}
	do := form.Get("do")
	switch {
	case do == "remove":
		done, change = views.NotificationsRemoved, func(ctx context.Context, _ db.Session) error { return p.DB.RemoveMailAddress(ctx, key, id) }
	case do == "again":
		done, change = views.NotificationsAsked, func(ctx context.Context, s db.Session) error { return p.askAgain(ctx, key, s, id) }
	case do != "change":
		return echo.NewHTTPError(http.StatusBadRequest)
	case !v.Wish.Valid():
		v.Problem = views.NotificationsNoEvents
		return p.showNotifications(c, key, http.StatusUnprocessableEntity, v)
	}
	err = p.changing(c, key, id.String()+" "+do, change)
	switch {
	case errors.Is(err, db.ErrNoSession):
		return p.expired(c)
	case errors.Is(err, db.ErrNotFound):
		v.Changed, v.Problem = "", views.NotificationsGone
		return p.showNotifications(c, key, http.StatusNotFound, v)
	case errors.Is(err, errTooOften):
		v.Changed, v.Problem = "", views.NotificationsRate
		return p.showNotifications(c, key, http.StatusTooManyRequests, v)
	case err != nil:
		return err
	}
	return notificationsDone(c, done)
}

var errTooOften = errors.New("handlers: too many confirmations were asked for")

// mayAsk counts a confirmation mail: against the trader, and against the
// mailbox, whoever asks, so that the portal cannot be made to flood anybody.
func (p *Portal) mayAsk(ctx context.Context, s db.Session, address string) error {
	for _, limit := range []struct {
		kind, key string
		rate      db.Rate
	}{
		{"mail-from", string(s.Person.VOEN), p.Rates.Mail}, {"mail-to", strings.ToLower(address), p.Rates.Mailbox},
	} {
		ok, err := p.DB.Take(ctx, limit.kind, limit.key, limit.rate)
		if err != nil {
			return err
		}
		if !ok {
			return errTooOften
		}
	}
	return nil
}

func (p *Portal) askAgain(ctx context.Context, key db.SessionKey, s db.Session, id uuid.UUID) error {
	_, list, err := p.DB.MailAddresses(ctx, key)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.ID == id.String() {
			if err := p.mayAsk(ctx, s, a.Address); err != nil {
				return err
			}
			return p.DB.AskMailAddressAgain(ctx, key, id)
		}
	}
	return db.ErrNotFound
}

// changing makes the register's entry durable, then the change; a change that
// did not come about is entered as failed. The entry names the subscription,
// never the address.
func (p *Portal) changing(c echo.Context, key db.SessionKey, what string, change func(context.Context, db.Session) error) error {
	ctx := c.Request().Context()
	s, err := p.DB.Session(ctx, key)
	if err != nil {
		return err
	}
	entry := p.entry(c, s, register.ChangeNotifications, register.Answered, 0, elapsed(c))
	entry.Asked = views.NotificationsPath + " " + what
	if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
		return err
	}
	if err := change(ctx, s); err != nil {
		entry.Outcome, entry.Elapsed = register.Failed, elapsed(c)
		return errors.Join(err, p.Register.Submit(ctx, entry).Wait(ctx))
	}
	return nil
}

func notificationsDone(c echo.Context, d views.NotificationsDone) error {
	return c.Redirect(http.StatusSeeOther, views.NotificationsPath+"?done="+string(d))
}

// readWish reads what an address is to be told. Nonsense makes it invalid.
func readWish(form url.Values) customs.Wish {
	w := customs.Wish{Lang: form.Get("lang")}
	for _, k := range customs.NewsKinds {
		if slices.Contains(form["event"], string(k)) {
			w.Events = append(w.Events, k)
		}
	}
	if w.Lang != "en" {
		w.Lang = "az"
	}
	if h, err := strconv.Atoi(form.Get("when")); err == nil && h >= 0 && h <= 23 {
		w.Digest = &h
	}
	return w
}

// mailLink is the page behind a link in a mail. To open it does nothing.
func (p *Portal) mailLink(stop bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := views.MailLinkView{Stop: stop, Action: c.Request().URL.EscapedPath()}
		l, err := p.DB.MailLink(c.Request().Context(), c.Param("token"))
		switch {
		case errors.Is(err, db.ErrNotFound) || err == nil && l.Stops != stop:
			return html(c, http.StatusNotFound, views.MailLink(p.page(c, ""), v))
		case err != nil:
			return err
		}
		v.Address, v.Done = l.Address, stop && l.Stopped
		return html(c, http.StatusOK, views.MailLink(p.page(c, ""), v))
	}
}

// useMailLink does what a link in a mail is for. Nobody needs to be signed in:
// who has the link has the mailbox. Mail programs stop a subscription by the
// same request (RFC 8058).
func (p *Portal) useMailLink(stop bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		token := c.Param("token")
		v := views.MailLinkView{Stop: stop, Action: c.Request().URL.EscapedPath()}
		l, err := p.DB.MailLink(ctx, token)
		if err == nil && l.Stops != stop {
			err = db.ErrNotFound
		}
		if err == nil && !l.Stopped {
			err = p.useLink(c, token, l, stop)
		}
		switch {
		case errors.Is(err, db.ErrNotFound):
			return html(c, http.StatusNotFound, views.MailLink(p.page(c, ""), v))
		case err != nil:
			return err
		}
		v.Address, v.Done = l.Address, true
		return html(c, http.StatusOK, views.MailLink(p.page(c, ""), v))
	}
}

// useLink enters a change in the register and makes it.
func (p *Portal) useLink(c echo.Context, token string, l db.MailLink, stop bool) error {
	ctx := c.Request().Context()
	what, use := "confirm", p.DB.ConfirmMailAddress
	if stop {
		what, use = "stop", p.DB.StopMailAddress
	}
	err := p.Register.Submit(ctx, register.Entry{
		RequestID: requestID(c), Channel: "mail", Actor: "trader", Session: l.Subscription, Subject: l.VOEN, Action: register.ChangeNotifications,
		Asked: views.NotificationsPath + " " + l.Subscription.String() + " " + what, Outcome: register.Answered, Elapsed: elapsed(c),
	}).Wait(ctx)
	if err != nil {
		return err
	}
	_, err = use(ctx, token)
	return err
}
