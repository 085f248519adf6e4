package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

const printRows = 1000 // registrations on a page for paper: forty sheets

// printGoods is the whole filtered set as one page for paper, with the code by
// which whoever holds the paper can check it. The address means what it means
// on the list.
func (p *Portal) printGoods(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	q, ignored := readQuery(parameters(c.Request().URL.RawQuery))
	q.Page = 0
	s, list, err := p.DB.Goods(ctx, key, q, printRows)
	if odd := p.strange(&q, list.Fresh, list.Statuses); err == nil && odd != nil {
		ignored = append(ignored, odd...)
		s, list, err = p.DB.Goods(ctx, key, q, printRows)
	}
	if err != nil {
		return p.failed(c, key, register.PrintGoods, err)
	}
	took := elapsed(c)
	entry := p.Register.Submit(ctx, p.entry(c, s, register.PrintGoods, listOutcome(list), list.Total, took))
	if err := entry.Wait(ctx); err != nil {
		return err
	}
	v := views.PrintView{GoodsView: views.GoodsView{
		Query: list.Answers(q), Asked: q.Text, List: list, Checkpoints: p.Checkpoints, Ignored: ignored, Elapsed: took, PageSize: printRows, Receipt: p.receiptPath(c),
	}, Address: p.URL.Host + views.VerifyPath}
	if p.Seals != nil {
		if v.Code, err = p.sealedCode(c, key); err != nil {
			return err
		}
	}
	return html(c, http.StatusOK, views.GoodsPrint(p.personal(c, "", s), v))
}

// sealedCode waits a little for the seal on this request's own entry and
// returns the code of its check, or "" if the seal is late: then the paper
// names the receipt, which will have it.
func (p *Portal) sealedCode(c echo.Context, key db.SessionKey) (string, error) {
	_, a, r, err := p.sealedReceipt(c, key, requestID(c))
	if errors.Is(err, db.ErrNotSealed) || errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	proved, err := p.Seals.Check(r)
	if err != nil {
		return "", err
	}
	return checkCode(a, proved), nil
}
