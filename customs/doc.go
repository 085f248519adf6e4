// Package customs is the vocabulary of the portal: taxpayer numbers, commodity
// codes, checkpoints, consignments, goods items, statuses and requirements, in
// the terms of the WCO data model. It does no input or output.
package customs
