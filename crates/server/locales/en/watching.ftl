# The department watches: progress, the daily page, the public record, the log

level = Level
level-primary = Primary
level-lower-secondary = Lower secondary
level-upper-secondary = Upper secondary
ward = Commune or ward
ward-unknown = Ward not known

figure-expected = Transcripts to be made
figure-in-force = In force
figure-sealed = Sealed by the school
figure-signed-off = Signed off
figure-signed = Signed by the teacher
figure-drafted = Drafted
figure-waiting = No transcript yet
figure-left-out = Left out
figure-returned = Returned
figure-share = Share in force
figure-classes = Classes done

progress-title = Progress
progress-as-of = As of { $at }, the school year that is open.
progress-share = { $share } of { $all } transcripts are in force
progress-done = Classes done: { $done }/{ $all }. Schools done: { $schools_done }/{ $schools }.
progress-without-year = { $count ->
    [one] One school has no year open
   *[other] { $count } schools have no year open
}
progress-by-level = By level
progress-by-ward = By commune or ward
progress-schools = { $count ->
    [one] One school
   *[other] { $count } schools
}
progress-schools-title = Schools, those that lag first
progress-all = Show all
progress-all-wards = All communes and wards
progress-all-levels = All levels
progress-unfinished = Only schools that are not done
progress-found = { $count ->
    [one] One school.
   *[other] { $count } schools.
}
progress-grade = Grade { $count }
progress-school-page = The school's page
progress-no-class = The school has no class in a year that is open.

daily-link = Daily page
daily-title = Transcripts on { $day }
daily-print = This page prints on one sheet of A4.
daily-workbook = Download the workbook (.xlsx)
daily-nothing = No pupil is in a school year that is open.
daily-all-done = All { $done } transcripts are in force; nothing waits.
daily-so-far = { $done }/{ $all } transcripts are in force ({ $share }).
daily-figures = Figures
daily-figure = Figure
daily-today = Today
daily-yesterday = End of yesterday
daily-week = End of this day a week ago
daily-since-yesterday = Since yesterday
daily-since-week = In 7 days
daily-schools = Schools
daily-schools-done = Schools done
daily-in-force = In force
daily-in-force-yesterday = In force, end of yesterday
daily-in-force-week = In force, 7 days ago
daily-more-wards = { $count ->
    [one] One more ward is in the workbook.
   *[other] { $count } more wards are in the workbook.
}
daily-waiting = Still waiting
daily-nothing-waits = Nothing waits.
daily-unappointed = { $count ->
    [one] One principal or clerk has a certificate and is not appointed
   *[other] { $count } principals and clerks have a certificate and are not appointed
}
daily-certificates = { $count ->
    [one] One certificate is over within 60 days, or already
   *[other] { $count } certificates are over within 60 days, or already
}
daily-lagging = Schools furthest behind
daily-more-schools = { $count ->
    [one] One more school is not done.
   *[other] { $count } more schools are not done.
}
daily-recorded = Batches on the public record: { $count }.
daily-sheet = Progress
daily-wards = Wards

chain-title = Public record
chain-well = The public record works; there is nothing to look after.
chain-service = Recording service
chain-service-alive = The recording service runs
chain-service-away = The recording service does not run
chain-service-away-since = The recording service does not run, last before { $at }
chain-nodes = Operators of the record
chain-operators = { $answered }/{ $operators } operators of the public record agree ({ $needed } are needed), at { $at }
chain-operators-unknown = Nothing is known yet of the operators
chain-last-block = Newest page of the record
chain-block = number { $number }, { $at }
chain-funds = Fees
chain-funds-free = Free of charge
chain-funds-enough = The account has enough
chain-funds-low = The account is nearly empty
chain-funds-none = The account is empty
chain-funds-unknown = Not known
chain-waiting = Waiting
chain-nothing-waits = Nothing waits for the public record.
chain-waits = { $count } { $what }, the oldest since { $since }
chain-kind-record = transcripts
chain-kind-appointment = appointments
chain-kind-evidence = words of authorities on certificates
chain-kind-batch = batches closed and not in force
chain-kind-end = ends of appointments
chain-batches-title = Batches
chain-batches = { $count ->
    [one] One batch.
   *[other] { $count } batches, the newest first.
}
chain-batch = Batch
chain-kind = Of
chain-size = Size
chain-closed = Closed
chain-in-force = In force
chain-not-yet = not yet
chain-took = Took
chain-next = Earlier batches
chain-refused-no-funds = The last try was refused: the account cannot pay.
chain-refused-unreachable = The last try came to nothing: the public record does not answer.
chain-refused-paused = The last try was refused: the public record takes nothing for now.
chain-refused-other = The last try was refused (code { $code }).
alarm-service-away = The recording service does not run: no further transcript comes into force.
alarm-service-away-todo = The operator starts it again (hocba anchor). Nothing is lost: it goes on where it was.
alarm-too-few = Only { $answered } operators of the public record agree, { $needed } are needed: no further transcript comes into force.
alarm-too-few-todo = The operator asks them; hocba doctor says which is silent or says otherwise.
alarm-some = { $answered }/{ $operators } operators of the public record agree; that is enough to record.
alarm-some-todo = The operator asks those that are silent; nothing else is needed.
alarm-no-word = The service runs and has not heard of the operators for long.
alarm-no-word-todo = The operator looks into the log of the recording service.
alarm-batch-late = A batch has been closed for { $time } and is not in force.
alarm-batch-late-todo = The operator looks into the log of the recording service and runs hocba doctor. Schools have nothing to do.
alarm-refused-todo = The service tries again by itself. If it goes on, the operator finds the code in the operations guide.
alarm-queue-late = Some { $kind } have waited for { $time } to be recorded.
alarm-queue-late-todo = The operator looks whether the recording service runs, and under this department's code.
alarm-ends-late = An appointment ended { $time } ago and the public record does not say so yet.
alarm-ends-late-todo = The operator looks whether the service has the key that records ends.
alarm-funds-low = The account that pays for recording is nearly empty.
alarm-funds-none = The account that pays for recording is empty: no further transcript comes into force.
alarm-funds-todo = The operator fills the recording account.

audit-title = Log
audit-title-of = Log of school { $school }
audit-lead = Who did what, the newest first. Pupils are not named; a transcript is called by its class and code.
audit-at = When
audit-what = What
audit-who = Who
audit-who-hint = A login; system is the service, operator whoever runs it.
audit-about = About
audit-from = From
audit-until = To the end of
audit-date-hint = As 5/6/2027: day, month, year.
audit-any-action = Anything
audit-all = Show all
audit-none = There is nothing like that.
audit-so-far = Searched back to { $at }. Go on with what is older if need be.
audit-newest = Back to the newest
audit-older = Older
audit-system = The service
audit-operator = The operator
audit-nobody = An account that is gone
audit-class = Class { $class }
audit-record = Transcript { $id }…
audit-batch = Batch { $id }
audit-appointment = Appointment { $id }…
audit-version = Version { $version }
fault-date = Write a date as 5/6/2027: day, month, year.
fault-class = Not the name of a class: letters, digits, points, dashes, at most 20 characters.

why-reassessment = Waits for re-assessment
why-incomplete = Incomplete
why-transferred = Moved to another school
why-wrong-mark = A wrong mark
why-wrong-data = Wrong personal data
why-wrong-result = A wrong result
why-other = Another reason

did-activate = Activated an account
did-add-account = Made an account
did-add-reader = Made a family's account to see a transcript
did-answer-request = Answered a request to look again
did-ask-school = Asked to look at a transcript again
did-withdraw-link = Withdrew a link to a transcript
did-withdraw-request = Took a request back
did-add-school = Noted a school
did-add-token = Made a token for a program
did-anchor-batch = A batch came into force
did-appoint = Appointed
did-assign-homeroom = Chose a homeroom teacher
did-change-password = Changed a password
did-close-batch = Closed a batch to be recorded
did-close-batches-now = Asked for recording at once
did-close-year = Closed a school year
did-co-sign = Signed a transcript off
did-confirm-totp = Set up the second factor
did-create-link = Made a link to a transcript
did-create-paper-link = Made a look-up code for paper
did-print = Printed a sheet with a look-up code
did-decide-moves = Decided who moves up
did-end-appointment = Ended an appointment
did-end-other-sessions = Signed out everywhere else
did-end-session = Ended a session
did-enrol-certificate = Noted a certificate
did-withdraw-certificate = Noted a certificate no longer
did-hand-out-bundle = Handed out a transcript file
did-import-class = Imported the marks of a class
did-import-lists = Took the school's lists
did-keep-evidence = Kept an authority's word on a certificate
did-keep-time-stamp = Kept a time-stamp of a batch
did-leave-out = Left a transcript out, or took it back in
did-link-openid = Tied an account to the sign-in portal
did-lock-account = Locked an account
did-make-slip = Printed an activation slip
did-move-to-successor = Moved on to the next public record
did-note-package = Noted a package for the ministry
did-note-schools = Took the department's list of schools
did-open-school = Opened a school
did-open-year = Opened a school year
did-publish-status = A change was recorded publicly
did-recovery-codes = Made new recovery codes
did-renew-record = Began a new version of a transcript
did-reset-account = Reset an account
did-resigning-queue = Listed what has to be signed again
did-return-record = Returned a transcript
did-roll-over = Moved pupils into the new year
did-school-changed = The school was renamed, merged, split or closed
did-seal = Sealed a transcript
did-set-grants = Changed what an account may do
did-set-openid-grants = Took grants from the sign-in portal
did-sign-in = Signed in
did-sign-in-slowed = Many wrong attempts to sign in, slowed
did-sign-out = Signed out
did-sign = The teacher signed a transcript
did-supersede = Replaced a transcript by a new version
did-take-answers = Took the ministry's answers
did-take-cancellation = Took the cancellation of a transcript
did-take-messages = Took transcripts from the school's software
did-unlink-openid = Untied an account from the sign-in portal
did-unlock-account = Unlocked an account
