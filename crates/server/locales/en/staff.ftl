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
done-password-changed = The password is changed. All other places are signed out.
done-session-ended = That place is signed out.
done-others-ended = All other places are signed out.
done-account-added = The account is added. Print a slip for its owner.
done-account-locked = The account is locked.
done-account-unlocked = The account is unlocked.
done-already-sent = This form was sent before and is done once only. See below what came of it.

sign-in = Sign in
sign-in-title = Sign in
sign-in-first = First time here?
sign-in-forgotten = Password forgotten or phone lost: ask the administrator of your school for a new slip.
sign-in-code-title = Code
sign-in-code-lead = Open the authenticator app on your phone and type the six digits for “Học bạ số”.
sign-in-code = Code
sign-in-code-hint = Phone lost? Type a recovery code here.
start-again = Start again

activate-title = Activate an account
activate-lead = You need the slip that the administrator of your school printed, and a phone with an authenticator app.
activate-slip = Code on the slip
activate-slip-hint = 16 characters, capital or small. Hyphens may be left out.
activate-account-title = Set a password and a second factor
activate-not-you = If this is not you, stop and tell the administrator of your school.
activate-button = Activate
step-slip = Code on the slip
step-account = Password and second factor
step-recovery = Recovery codes
password-new = New password
password-new-hint = At least 10 characters. A short sentence that only you know is best.
password-again = New password again
second-factor = Second factor
second-factor-scan = Scan this with the authenticator app on your phone.
second-factor-qr = QR code for the authenticator app
second-factor-type = Cannot scan? Type this key into the app:
second-factor-optional = Your role does not need it; the field below may stay empty.
second-factor-code = Six digits from the app

recovery-title = Recovery codes
recovery-lead = If the phone is lost, each of these stands in for its code once.
recovery-once = These codes are shown once only. Print them or write them down, and keep them safe.
recovery-kept = The codes are kept, continue
recovery-left = { $count ->
    [0] No recovery code is left.
    [one] One recovery code is left.
   *[other] { $count } recovery codes are left.
}
recovery-anew = Make new recovery codes

home-title = Home
hello = Hello, { $name }
home-nothing = There is nothing for you to do here yet. Ask the administrator of your school.
home-by-program = Importing marks, signing and sealing cannot be done on these pages yet: use the program hocba on a computer of the school, or ask the school's administrator. Begin with
home-me = My account
home-everybody = For everybody
home-check = Check a transcript file
home-school = School { $school }
home-prefix = Schools whose codes begin with { $prefix }
home-all-schools = All schools
home-class = { $role } of class { $class }

sessions-title = Where I am signed in
sessions-lead = If you do not know one of these, sign it out and change your password.
sessions-browser = Browser
sessions-since = Signed in
sessions-seen = Last used
sessions-this = This one
sessions-end = Sign out
sessions-end-others = Sign out everywhere else

password-title = Change password
password-lead = All other places will be signed out.
password-old = Current password
password-change = Change password

second-factor-title = Second factor and recovery codes
second-factor-must = Your role needs a second factor. Set it up before anything else.
second-factor-change = Change to another phone
second-factor-begin = Set up a second factor
second-factor-lead = Type your password again first.
second-factor-confirm-title = Set up the second factor
second-factor-confirm = Confirm

accounts-title = Accounts of the school
accounts-progress = { $active } of { $all } accounts are activated
accounts-add = Add an account
accounts-none = The school has no account yet.
accounts-open = Change
accounts-waiting = { $count ->
    [one] One account is not activated. A slip printed before will no longer work.
   *[other] { $count } accounts are not activated. Slips printed before will no longer work.
}
accounts-slips = Print slips
account-add-title = Add an account
account-add-lead = Then print a slip and hand it over in person.
account-login-hint = 3 to 40 of a–z, digits, dots, hyphens and underscores; begins with a letter.
account-reset = Begin again
account-reset-lead = For a forgotten password or a lost phone. Password and second factor are removed, the owner is signed out everywhere, and a new slip is made.
account-reset-button = Reset and print a slip
account-lock = Lock the account
account-lock-lead = Its owner cannot sign in until it is unlocked. Their signatures do not change.
account-unlock = Unlock the account
account-unlock-lead = Its owner can sign in again with the same password.
state-new = No slip yet
state-invited = Has a slip, until { $until }
state-slip-over = The slip has expired
state-active = Activated
state-locked = Locked

slips-title = Activation slips
slips-lead = Each page is one slip. Print them now and hand each over in person.
slips-once = These codes are shown once only. If printing fails, make new slips.
slip-code = Activation code
slip-until = Works until
slip-how = Open { $address }/activate on a computer or phone and type the code above. It works once; give it to nobody else.

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

access-wrong = The login, the password or the code is wrong.
access-slow-down = Too many wrong tries. Try again in { $minutes } min.
access-locked = The account is locked. Ask the administrator of your school.
access-slip = The slip is wrong, used or expired. Ask for a new one.
access-slip-mistyped = The code on the slip is mistyped; check every character.
access-code = The code is wrong or was used. Wait for the next one.
access-second-factor-needed = Your role needs a second factor.
access-no-second-factor = The account has no second factor.
access-login = A login has 3 to 40 of a–z, digits, dots, hyphens and underscores and begins with a letter.
access-name = The name is not of its form.
access-grants = An account has 1 to 20 roles.
access-exists = This login is taken. Choose another one.
access-password-short = The password needs at least 10 characters.
access-password-long = The password has at most 128 characters.
access-password-own-name = The password must not be your login or name.
access-password-common = This password is easy to guess. Choose a short sentence that only you know.

## What is still missing
opening-title = What is still missing
opening-of = School { $school }, school year { $year }: what has to be done before the first class is signed.
opening-progress = { $settled } of { $all } done
opening-what = What
opening-how = Command that does it
opening-done = Done
opening-missing-one = Missing
opening-missing = { $missing } of { $of } missing
opening-waiting = { $waiting } wait for the public record
opening-blocked = Waits for something else
opening-optional = Not required
opening-no-year = School { $school } has no open school year. Whoever runs the service opens one by this command.
