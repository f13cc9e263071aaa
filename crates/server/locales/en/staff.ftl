# Words of the pages for schools and the department. How they are chosen: docs/pages.md.

brand = School transcripts
skip = Skip to content
other-language = Tiếng Việt
signed-in-as = Signed in as:
sign-out = Sign out
crumbs = You are here
continue = Continue
actions = Actions
print = Print
reference = Reference:
yes = Yes
no = Not yet
name = Name
login = Login
password = Password
role = Role
roles = Roles
state = State

fault-title = Error
fault-summary = This was not done
fault-empty = Fill in this field.
fault-again = The two passwords are not the same.
fault-role = Choose a role from the list.
fault-start-again = That took too long. Start signing in again.

done-signed-out = You are signed out.
done-signed-out-here = You are signed out of Học bạ số and still signed in at the other system. On a shared computer, sign out there too.
done-password-changed = The password is changed. All other places are signed out.
done-session-ended = That place is signed out.
done-others-ended = All other places are signed out.
done-account-added = The account is added. Print a slip for its owner.
done-account-locked = The account is locked.
done-account-unlocked = The account is unlocked.
done-already-sent = This form was sent before and is done once only. See below what came of it.

home-title = Home
hello = Hello, { $name }
home-nothing = There is nothing for you to do here yet. Ask the administrator of your school.
todo-title = To do
todo-none = Nothing waits for you.
todo-marks = Class { $class } has no marks yet: hand in its workbook
todo-returned = Class { $class }: { $records } returned, to be mended and signed again
todo-sign = Class { $class }: { $records } to be signed by you
todo-co-sign = { $records } transcripts of { $classes } classes wait to be co-signed
todo-seal = { $records } transcripts of { $classes } classes wait for the school's seal
todo-supersede = Class { $class }: { $records } new versions wait for a signature that they replace the old ones
todo-requests = Class { $class }: { $count } requests to look again wait for an answer
todo-appoint = Classes whose homeroom teacher is to be appointed: { $classes }
todo-year = Open a school year
todo-opening = Left to do before the first class can be signed: { $items }
home-me = My account
home-everybody = For everybody
home-check = Check a transcript file
home-school = School { $school }
home-prefix = Schools whose codes begin with { $prefix }
home-all-schools = All schools
home-class = { $role } of class { $class }

schools-title = Schools
schools-lead = { $count ->
    [0] There is no school.
    [one] One school.
   *[other] { $count } schools.
}
school = School code

role-homeroom-teacher = Homeroom teacher
role-principal = Principal
role-deputy-principal = Deputy principal
role-clerk = Records clerk
role-department = Department of education
role-operator = Operator
role-school-administrator = School administrator

failure-forbidden-title = You may not do this
failure-forbidden = It is not part of your role. If you need it, ask the administrator of your school.
failure-csrf-title = This form cannot be used
failure-csrf = The form is old or does not come from this site. Nothing was changed; open the page again and repeat.
failure-session-title = Your session has ended
failure-session = Nothing was changed. Sign in and repeat.
failure-not-found-title = There is no such page
failure-not-found = The address is wrong, or the page is not for you.
failure-slow-title = Too many tries
failure-other-title = This was not done
failure-internal-title = Our fault
failure-internal = It is not certain whether it was done. Look again, and tell the administrator the reference below if it happens again.
kept-title = What you typed
kept-lead = Copy it if you need it; passwords and codes were not kept.
onward-home = Home
onward-sign-in = Sign in
