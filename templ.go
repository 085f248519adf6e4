// Package portal is the web portal "Sərhəddə qeydə alınan mallarım" / "My
// goods at the border" of the State Customs Committee of the Republic of
// Azerbaijan: a trader signs in with an e-signature and sees the goods that
// border checkpoints registered under the trader's VÖEN and whose clearance is
// not complete.
//
// This package holds nothing but the rules of the house (house_test.go) and
// the line that regenerates the pages. Start reading at cmd/portal, which joins
// everything, or at customs, the words that everything else speaks.
// ARCHITECTURE.md has the picture.
package portal

//go:generate go tool templ generate -include-version=false -path views
