package handlers

import (
	_ "embed" // the description of the feed
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/feed"
)

//go:embed feed.openapi.yaml
var feedDescription []byte

// feedAPI is the OpenAPI description of the feed.
func feedAPI(c echo.Context) error {
	keepable(c, "public, max-age=3600")
	return c.Blob(http.StatusOK, "application/yaml", feedDescription)
}

// schema is the JSON Schema of a line of the feed.
func schema(c echo.Context) error {
	keepable(c, "public, max-age=3600")
	return c.Blob(http.StatusOK, "application/schema+json", feed.Schema())
}
