package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/mail"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/static"
	"customs.gov.az/portal/views"
)

// Handler answers on the main listener.
func (p *Portal) Handler() http.Handler { return p.routes(p.mainHosts()) }

// routes answers for some hosts. One line a route: address, handler, guard.
func (p *Portal) routes(hosts map[string]bool) http.Handler {
	e := p.server()
	e.Use(p.identify, p.measure, p.log, p.speak, p.survive, p.harden, onlyHosts(hosts), p.separate, sameSite(http.NewCrossOriginProtection()))

	get(e, "/", limit(p.start))
	get(e, "/sign-in/file", limit(p.signInFile))
	e.GET(challengePath, limit(p.throttle(p.challenge)))
	e.POST("/sign-in/file", limit(p.throttle(p.signWithFile)))
	get(e, simaPath, limit(offered(p.SIMA != nil, p.signInSIMA)))
	e.POST(simaPath, limit(p.throttle(offered(p.SIMA != nil, p.startSIMA))))
	e.GET(simaQRPath, limit(offered(p.SIMA != nil, p.simaQR)))
	e.GET("/sign-in/sima/events", p.simaEvents)
	p.phones(e)
	get(e, myGovPath, limit(offered(p.MyGov != nil, p.signInMyGov)))
	e.GET(myGovStartPath, limit(p.throttle(offered(p.MyGov != nil, p.startMyGov))))
	e.GET(MyGovDonePath, limit(p.throttle(offered(p.MyGov != nil, p.doneMyGov))))
	get(e, cardPath, limit(offered(p.CardURL != nil, p.signInCard)))
	e.GET(cardStartPath, limit(p.throttle(offered(p.CardURL != nil, p.startCard))))
	e.GET(cardDonePath, limit(p.throttle(p.doneCard)))
	get(e, "/sign-in/company", limit(p.company))
	e.POST("/sign-in/company", limit(p.throttle(p.chooseCompany)))
	get(e, switchPath, limit(p.signedIn(p.switchCompany)))
	e.POST(switchPath, limit(p.signedIn(p.doSwitchCompany)))
	get(e, capacityPath, limit(p.capacity))
	e.POST(capacityPath, limit(p.throttle(p.chooseCapacity)))
	e.POST("/sign-out", limit(p.signOut))
	e.GET(views.SessionPath, limit(p.sessionState))
	e.POST(views.SessionPath, limit(p.keepSession))
	get(e, views.TimeoutPath, limit(p.sessionTimeout))
	e.POST(views.TimeoutPath, limit(p.sessionWritten))

	get(e, views.GoodsPath, limit(p.signedIn(p.goods)))
	e.GET("/goods/events", p.signedIn(p.events))
	e.HEAD("/goods/events", onlyGET) // else it were the page of a registration "events"
	get(e, "/goods/:code", limit(p.signedIn(p.detail)))

	get(e, views.GoodsPath+".csv", p.signedIn(p.goodsFile(formatCSV)))
	get(e, views.GoodsPath+".xlsx", p.signedIn(p.goodsFile(formatXLSX)))
	get(e, views.PrintPath, limit(p.signedIn(p.printGoods)))
	get(e, views.APIAccessPath, limit(p.signedIn(p.apiAccess)))
	e.POST(views.APIAccessPath, limit(p.own(smallForm, p.makeToken)))
	e.POST(views.APIAccessPath+"/withdraw", limit(p.own(smallForm, p.withdrawToken)))

	get(e, views.AccessPath, limit(p.signedIn(p.access)))
	get(e, views.AccessCSVPath, p.signedIn(p.accessCSV))
	get(e, views.CodePath, limit(p.signedIn(p.telephone)))
	e.POST(views.CodePath, limit(p.own(smallForm, p.makeCode)))
	e.POST(views.TelephonePath, limit(p.own(smallForm, p.chooseHelp)))
	get(e, views.TelephonePath, limit(p.signedIn(p.telephone)))
	get(e, views.AskPath+":entry", limit(p.signedIn(p.askForm)))
	e.POST(views.AskPath+":entry", limit(p.own(reportForm, p.ask)))
	get(e, views.NotMinePath, limit(p.signedIn(p.notMineForm)))
	e.POST(views.NotMinePath, limit(p.own(reportForm, p.notMine)))
	get(e, views.ReportsPath, limit(p.signedIn(p.reports)))
	get(e, views.ReportsPath+"/:id", limit(p.signedIn(p.report)))

	get(e, views.NotificationsPath, limit(offered(p.Notifications, p.signedIn(p.notifications))))
	e.POST(views.NotificationsPath, limit(offered(p.Notifications, p.own(smallForm, p.addAddress))))
	e.POST(views.NotificationsPath+"/:id", limit(offered(p.Notifications, p.own(smallForm, p.changeAddress))))
	get(e, mail.ConfirmPath+":token", limit(offered(p.Notifications, p.mailLink(false))))
	e.POST(mail.ConfirmPath+":token", limit(offered(p.Notifications, p.useMailLink(false))))
	get(e, mail.StopPath+":token", limit(offered(p.Notifications, p.mailLink(true))))
	e.POST(mail.StopPath+":token", limit(offered(p.Notifications, p.useMailLink(true))))

	get(e, "/receipts/:id", limit(offered(p.Seals != nil, p.signedIn(p.receipt))))
	get(e, "/receipts/:id/receipt.json", limit(offered(p.Seals != nil, p.signedIn(p.receiptJSON))))
	get(e, "/receipts/:id/receipt.tlog-proof", limit(offered(p.Seals != nil, p.signedIn(p.receiptProof))))
	get(e, "/receipts/:id/qr.png", limit(offered(p.Seals != nil, p.signedIn(p.receiptQR))))
	get(e, views.VerifyPath, limit(offered(p.Seals != nil, p.verify)))
	e.POST(views.VerifyPath, limit(offered(p.Seals != nil, p.checkReceipt)))
	get(e, registerPath+"/checkpoint", limit(p.checkpoint))
	get(e, registerPath+"/tile/*", limit(p.tile))

	get(e, "/appeals", limit(p.open(p.appeals)))
	get(e, views.ComplaintPath, limit(p.complaint))
	e.POST(views.ComplaintPath, limit(p.keepComplaint))
	get(e, "/appeals/complaint/:draft", limit(p.signedIn(p.continueComplaint)))
	e.POST("/appeals/complaint/:draft", limit(p.keepComplaint))
	get(e, "/appeals/complaint/:draft/document", limit(p.signedIn(p.complaintDocument)))
	get(e, "/appeals/complaint/:draft/evidence.json", limit(p.signedIn(p.complaintEvidence)))
	get(e, "/appeals/complaint/:draft/delete", limit(p.signedIn(p.askDeleteComplaint)))
	e.POST("/appeals/complaint/:draft/delete", limit(p.own(smallForm, p.deleteComplaint)))
	get(e, "/help", limit(p.open(views.Help)))
	get(e, "/accessibility", limit(p.open(views.Accessibility)))
	get(e, "/privacy", limit(p.open(p.privacy)))

	p.assistance(e)
	p.supervision(e)
	p.answering(e)

	e.POST(feedPath, p.sending(p.takeFeed))
	e.GET(feedPositionPath, limit(p.sending(p.position)))
	get(e, "/feed/v1/schema.json", schema)
	get(e, feedAPIPath, feedAPI)
	p.programs(e)
	p.files(e)
	return e
}

// programs are the addresses of the interface for a trader's own programs.
func (p *Portal) programs(e *echo.Echo) {
	get(e, programPath, limit(p.program(register.ListGoods, p.programGoods)))
	get(e, programCodePath, limit(p.program(register.ShowGoods, p.programCode)))
	get(e, programAPIPath, programAPI)
	get(e, "/api/*", noSuchAddress)
	e.Match([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, "/api/*", readOnly)
}

// phones are the addresses at which the SİMA application asks and answers.
func (p *Portal) phones(e *echo.Echo) {
	if p.SIMA == nil {
		return
	}
	e.GET(p.SIMA.Path+simaFilePath, limit(p.phone(p.simaFile)))
	e.GET(p.SIMA.Path+simaDataPath, limit(p.phone(p.simaData)))
	e.POST(p.SIMA.Path+simaDonePath, limit(p.phone(p.simaDone)))
}

// CardHandler answers on the listener that asks for a client certificate.
func (p *Portal) CardHandler() http.Handler {
	e := p.server()
	e.Use(p.identify, p.measure, p.log, p.speak, p.survive, p.harden, onlyHosts(p.cardHost))
	e.GET(cardPath, limit(p.throttle(p.card)))
	e.POST(feedPath, p.sending(p.takeFeed), sameSite(http.NewCrossOriginProtection()))
	e.GET(feedPositionPath, limit(p.sending(p.position)))
	p.files(e)
	return e
}

func (p *Portal) server() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = p.fail
	e.IPExtractor = p.addresses()
	return e
}

// offered is the guard of what exists only with some settings: without them
// there is no such address.
func offered(there bool, h echo.HandlerFunc) echo.HandlerFunc {
	if !there {
		return func(echo.Context) error { return echo.NewHTTPError(http.StatusNotFound) }
	}
	return h
}

// get registers a page for GET and HEAD (RFC 9110 §9.3.2).
func get(e *echo.Echo, path string, h echo.HandlerFunc) {
	e.GET(path, h)
	e.HEAD(path, h)
}

// onlyGET refuses HEAD: a stream has no end whose headers could be told.
func onlyGET(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderAllow, http.MethodGet)
	return echo.ErrMethodNotAllowed
}

// files serves the static tree, and the icon that browsers ask for unasked.
func (p *Portal) files(e *echo.Echo) {
	get(e, static.Prefix+"*", func(c echo.Context) error {
		for _, name := range []string{"Cache-Control", echo.HeaderVary, echo.HeaderSetCookie} {
			c.Response().Header().Del(name)
		}
		p.Assets.ServeHTTP(c.Response(), c.Request())
		return nil
	})
}
