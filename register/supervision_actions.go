package register

// What supervisors do is in the register too.
const (
	Supervise        Action = "supervision.view"     // the figures and the latest requests
	SearchRegister   Action = "supervision.search"   // the subject is the taxpayer searched for, if one was
	OpenEntry        Action = "supervision.entry"    // the subject is that of the entry
	DownloadRegister Action = "supervision.download" // the whole searched set as a file
	ReportMonth      Action = "supervision.month"
	ProbeFailed      Action = "probe.failed" // the portal's own request had no good answer
)

// Actions are the kinds of requests that a search of the register offers, in
// this order; others can be searched for by address.
var Actions = []Action{
	ListGoods, ShowGoods, DownloadGoods, PrintGoods, SwitchCompany, ListAccess, DownloadAccess, OpenReceipt, DownloadReceipt,
	MakeCode, ShowHelp, ChooseHelp, OpenReportForm, MakeReport, ListReports, ShowReport, MakeToken, WithdrawToken,
	FillComplaint, SealEvidence, ShowComplaint, ChangeNotifications, MailNotifications,
	OpenCase, RefuseCase, ApproveCase, ExtendCase, EndCase,
	Supervise, SearchRegister, OpenEntry, DownloadRegister, ReportMonth, WatchCases, ListReportsToAnswer, ShowReportToAnswer, AnswerReport,
	ListStaff, ProposeStaff, ApproveStaff, RejectStaff, ProbeFailed,
}
