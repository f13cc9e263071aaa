# A pupil's page, and its sheets

record-about = No. { $number }, class { $class }, school year { $year }. Version { $version }.
record-left-waiting = Left out: waits for re-assessment or summer training.
record-left-incomplete = Left out: marks or personal data are not complete.
record-left-transferred = Left out: moved to another school.
record-left-other = Left out for another reason.
record-returned-mark = Returned: a mark is wrong.
record-returned-person = Returned: personal data are wrong.
record-returned-result = Returned: a result or rating is wrong.
record-returned-other = Returned for another reason.
record-renewed-correction = This is a correction.
record-renewed-reassessment = This is the version after re-assessment or summer training.
record-in-force = Version { $version } is in force; version { $next } below replaces it once it is fully signed and on the public record.
record-incomplete = Parts of this transcript are missing.
record-print = Printed form
record-print-book = Print the whole book
record-years = School years
record-year = School year { $year }, class { $class }
record-changes = Differences to the version signed before
record-no-changes = Nothing differs.
record-nothing = nothing
record-was = before:
record-now = now:
record-sheet = As it will be printed

print-class = Sheets of class { $class }
print-record = Sheets of { $name }
print-book = Whole book of { $name }
print-lead = { $count ->
    [one] One sheet of A4.
   *[other] { $count } sheets of A4.
} In the print dialogue choose A4, 100 %, without headers and footers.
print-missing = { $count ->
    [one] One transcript in force has no look-up code yet.
   *[other] { $count } transcripts in force have no look-up code yet.
}
print-waiting = { $count ->
    [one] One transcript is not in force, so it has no look-up code; its sheet says so.
   *[other] { $count } transcripts are not in force, so they have no look-up code; their sheets say so.
}
print-view = For looking only. Sheets with a look-up code are handed out by the clerk.
print-no-owner = The owner of the system is not set, and a sheet has to name it. Whoever runs the service fills in “system” in hocba.json.
print-make = { $count ->
    [one] Make a look-up code for one transcript
   *[other] Make look-up codes for { $count } transcripts
}
done-codes-made = The look-up code is made.

task-codes = Look-up codes for class { $class }, school year { $year }
task-codes-progress = { $done } of { $steps } codes
task-codes-done = Done. Open the sheets to print them.
task-codes-refused = No code was made. Do it again.
count-codes-made = { $count ->
    [one] One new look-up code
   *[other] { $count } new look-up codes
}
count-codes-kept = { $count ->
    [one] One transcript keeps the code it had
   *[other] { $count } transcripts keep the codes they had
}
count-codes-waiting = { $count ->
    [one] One transcript is not in force and has no code
   *[other] { $count } transcripts are not in force and have no code
}

hand-out-title = Hand out a confirmation, a link, the file
hand-out-hint = The slip has a QR code; whoever gets it can check the signatures over the part that is shown. A confirmation has name, promotion and completion alone; results are without remarks, conduct and attendance. Each is noted, and can be withdrawn.
hand-out-scope = Show
hand-out-completion = Confirmation of completion (no marks)
hand-out-results = Results
hand-out-whole = The whole transcript of the year
hand-out-file = Download the transcript file
handed-title = Handed out
handed-paper = Look-up code on paper, version { $version }
handed-whole = Link: the whole transcript
handed-results = Link: results
handed-completion = Link: name and completion
handed-made = made { $at }
handed-made-by = made { $at } by { $name }
handed-looks = Looked at { $many } times, last { $at }.
handed-withdraw-hint = This sheet or link will open nothing any more. The transcript stays as it is; a new sheet gets a new code.
handed-withdraw = Withdraw this code
