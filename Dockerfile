FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# timetzdata puts the time zones into the program: the final image has none.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags timetzdata -ldflags='-s -w' -o /out/usr/bin/portal ./cmd/portal \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
 && printf 'portal:x:65532:65532::/:/\n' > /out/etc/passwd

FROM scratch
COPY --from=build /out/ /
ENV PORTAL_ADDR=:8080 PORTAL_CARD_ADDR=:8443 PORTAL_OPS_ADDR=:9090
USER 65532:65532
# 9090 is for operations alone: never publish it.
EXPOSE 8080 8443 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["/usr/bin/portal", "health"]
ENTRYPOINT ["/usr/bin/portal"]
CMD ["serve"]
