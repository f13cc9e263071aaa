# Getting in, accounts, slips, codes

sign-in = Sign in
sign-in-title = Sign in
sign-in-openid = Sign in through { $name }
sign-in-password = Or use your password of Học bạ số
sign-out-openid = Sign out at { $name } too
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
second-factor-proven = You have just signed in through another system, so no password is needed.
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
access-openid-stale = This sign-in took too long, was used or began in another browser. Press the button to begin again.
access-openid-refused = The other system did not confirm who you are. Try again; if it stays so, tell the administrator of your school.
access-openid-no-account = You have no account or no role here yet. Ask the administrator of your school for one.
access-openid-away = The other system does not answer. Try again in a few minutes, or use your password of Học bạ số.
access-exists = This login is taken. Choose another one.
access-password-short = The password needs at least 10 characters.
access-password-long = The password has at most 128 characters.
access-password-own-name = The password must not be your login or name.
access-password-common = This password is easy to guess. Choose a short sentence that only you know.
