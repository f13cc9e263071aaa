# Work that takes a while

tasks-title = Latest work
task-lists = Lists for the school year { $year }
task-marks = Marks of the school year { $year }
task-marks-class = Marks of class { $class }, school year { $year }
task-begun = Begun
task-ended = Ended
task-running = Under way
task-done = Done
task-refused = Refused
task-interrupted = Interrupted
task-beginning = Getting ready…
task-progress = { $done } of { $steps } lines
task-leave = You may leave this page; the work goes on, and what came of it is found from the school's page.
task-done-lead = All of it was taken.
task-nothing-new = Nothing changed.
task-nothing-stored = Nothing was stored. Mend the file and send it again.
task-refused-findings = The file has faults.
task-interrupted-lead = The server stopped while it did this, so it is not known whether it was done. Do it again: what is there stays as it is, and nothing is taken twice.
