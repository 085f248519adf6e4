package register

// The actions of what a trader can know and keep of the register itself.
const (
	ListAccess     Action = "access.list"     // who looked at the subject's data
	DownloadAccess Action = "access.download" // the same as a file

	MakeCode   Action = "access.code"      // a one-time code for the call centre
	ShowHelp   Action = "access.telephone" // what the subject allows the call centre, and its newest code
	ChooseHelp Action = "access.choose"    // Asked holds the choice

	OpenReceipt     Action = "receipt.open"
	DownloadReceipt Action = "receipt.download"

	OpenReportForm Action = "report.form" // of a trader: a question or that a registration is not theirs
	MakeReport     Action = "report.make" // Asked is its address
	ListReports    Action = "report.list"
	ShowReport     Action = "report.show"

	ListReportsToAnswer Action = "supervision.reports" // of all traders
	ShowReportToAnswer  Action = "supervision.report"  // the subject's
	AnswerReport        Action = "supervision.answer"
)
