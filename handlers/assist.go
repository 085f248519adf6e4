package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/views"
)

// casesPerHour is how many cases an operator may open in an hour, if nothing
// else is set.
const casesPerHour = 20

// assistance are the pages of staff and of cases on behalf of a caller.
func (p *Portal) assistance(e *echo.Echo) {
	get(e, views.AssistPath, limit(p.staff(p.assist, customs.RoleOperator)))
	get(e, views.SupervisionAssistPath, limit(p.staff(p.assist, customs.RoleSupervisor)))
	get(e, views.StaffPath, limit(p.staff(p.assist, customs.RoleAdministrator)))
}

func (p *Portal) assist(c echo.Context, s staffSession) error {
	return html(c, http.StatusOK, views.StaffLanding(p.official(c, "", s.Staff)))
}
