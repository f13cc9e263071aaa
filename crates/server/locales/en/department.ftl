# A department's view of its schools

search = Search
page-next = Next schools
page-first = Back to the first page
number = No.
roll-class = Class
year = School year
department-title = Schools of the department
department-lead = { $count ->
    [0] There is no school yet.
    [one] One school.
   *[other] { $count } schools, by code.
}
department-search = Find a school
department-search-hint = Name or code, with or without marks. Empty means all.
department-lacking = Only schools that have something left to do
department-none = There is no such school.
glance-school = School
glance-todo = Opening
glance-people = Staff
glance-year = School year
glance-offices = Appointments, certificates
glance-no-year = No open school year
glance-progress = { $settled }/{ $all } done
glance-staff = { $count ->
    [one] One person
   *[other] { $count } people
}
glance-accounts = { $active }/{ $all } accounts activated
glance-classes = { $classes } classes, { $pupils } pupils
glance-drafted = { $count } in draft
glance-signed = { $count } signed
glance-sealed = { $count } with the school's seal
glance-in-force = { $count } in force
glance-states = Classes: { $states }
glance-principal = Principal: { $state }
glance-seal = School seal: { $state }
glance-expired = { $count ->
    [one] One certificate expired
   *[other] { $count } certificates expired
}
glance-expiring = { $count ->
    [one] One certificate about to expire
   *[other] { $count } certificates about to expire
}
office-no-certificate = no certificate yet
office-to-appoint = to be appointed
office-waiting = signed, being recorded
office-appointed = appointed
school-ended = Closed

duty-title = To do
duty-unappointed = Principals and seals to appoint
duty-unappointed-lead = They have a certificate and no appointment in force.
duty-unappointed-none = Nobody waits to be appointed.
duty-appoint = Appoint
duty-certificates = Certificates about to expire
duty-certificates-lead = Over within 60 days, or over already; the soonest first. The school gets a new certificate and enrols it; then it is appointed again.
duty-certificates-none = No certificate is over within 60 days.
duty-until = Valid until
duty-over = expired
duty-more = Only the first { $count } are shown.
position-seal = Records clerk, school seal
position-none = Not on the staff list

open-title = Open a school
open-choose = Choose a school of the department's list. Those that are open are not shown.
open-found = { $count ->
    [one] One school is not open yet.
   *[other] { $count } schools are not open yet.
}
open-shown = Only the first { $count } are shown; search by name or code.
open-none = The department's list has no school that is not open yet.
open-this = Open this school
open-unlisted = Open a school that is not on the list
open-another = Choose another school
open-lead = Opens the school and makes an account for its first administrator. The activation slip follows, once only.
open-the-school = School
open-school-name = Name of the school
open-school-name-hint = As printed on transcripts.
open-code-hint = Capital letters and digits, as in the national database.
open-issuer = Department's code on the public record
open-issuer-hint = The school's transcripts are recorded under this code. If you are not sure, ask whoever runs the service.
open-administrator = First administrator of the school
open-administrator-lead = This person hands in the school's lists, makes accounts and prints slips for everybody.
open-button = Open the school and print the slip

school-goes-on = Open
school-closed-on = Closed on { $at }
school-successors-title = Goes on at
school-successors = { $named }; today: { $today }
held-title = Appointments of the school
held-none = There is no appointment yet.
held-from = From
held-until = Until
held-homerooms = Homeroom appointments: { $now } in force, { $all } in all.
standing-not-yet = Has not begun
standing-waiting = Signed, being recorded
standing-in-force = In force, on the public record
standing-ran-out = Ran out
standing-ended = Ended on { $at }: { $why }
changes-title = What became of the school
changes-none = The school was not renamed, merged or split.
changes-at = Date
changes-what = Change
change-renamed = Renamed { $name }
change-merged = Merged into { $into }
change-split = A part went to { $into }
change-closed = Closed
change-closed-into = Closed; goes on at { $into }
change-rename-title = Rename the school
change-rename-lead = Signed transcripts keep the old name; those signed from now on have the new one.
change-merge-title = Merge into another school
change-merge-lead = The school ends; the other one takes its pupils and its corrections. Signed transcripts do not change.
change-split-title = Split off a part
change-split-lead = The others take a part of the pupils; this school goes on.
change-close-title = Close the school
change-close-lead = The school ends. Signed transcripts can be checked as before.
change-of = School { $school } – { $name }
change-new-name = New name
change-into = Code of the school that goes on
change-parts = Codes of the schools that take a part
change-successors = Codes of the schools that go on (if any)
change-code-hint = That school is open here.
change-codes-hint = Several codes with commas between them. Those schools are open here.
change-decision = Number of the decision
change-decision-hint = For example 123/QĐ-UBND. It may stay empty.
change-no-way-back = There is no way back: a school that ended is not opened again under this code.
change-sure = I have read this and am sure
change-button = Note the change

fault-school-code = A school code has 2 to 20 capital letters A–Z and digits.
fault-issuer = Choose one of the department's codes.
fault-not-your-school = This school is not of your part.
fault-school-served = This school is open already.
fault-school-name = The department's list has another name for this code. Choose the school from the list, or correct the list first.
fault-school-closed = This school has ended.
fault-school-unknown = School { $school } is not open here.
fault-that-school-closed = School { $school } has ended.
fault-successors = Name other schools, each once, 16 at most.
fault-sure = Tick this if you are sure.
fault-text = This text has characters that cannot be used, or is too long.
fault-year-choice = Choose a school year of the list.
fault-year-closed = This school year is closed.
fault-year-unfinished = { $count ->
    [one] One pupil has no sealed transcript. To close it all the same, give a reason.
   *[other] { $count } pupils have no sealed transcript. To close it all the same, give a reason.
}
fault-class-name = The new name of class { $class } cannot be used: letters, digits, dots, hyphens and slashes, 20 characters at most.
fault-class-taken = Class { $class } of the next year has pupils of another school. Choose another name.
fault-class-gone = Class { $class } is not on the list any more. Look again.
fault-class-unnamed = A class has no name for the next year, or one of another grade. Write a name into the field that is marked.
fault-roll-nobody = The school has ended, and no other one goes on with its work.
