# Telling people by e-mail

## The page /me/mail

mail-title = News by e-mail
mail-lead = One e-mail a day at most, and only when something waits for you. It says how many things there are and links to the home page; it names nobody and holds no marks.
mail-sent-to = E-mails go to
mail-remove = No more e-mails
mail-confirm-title = Enter the code from the e-mail
mail-confirm-lead = The code was sent to { $address } and works for an hour. If you do not see it, look among the spam too.
mail-code = Code from the e-mail
mail-confirm = Confirm the address
mail-give = Be told by e-mail
mail-other = Change to another address
mail-address = E-mail address
mail-send-code = Send a code to this address
mail-address-wrong = This is no e-mail address. For example: name@school.edu.vn
mail-refused = The mail server does not take this address. Look at each character again.
mail-away = The e-mail could not be sent. Try again in a few minutes.
access-mail-code = The code from the e-mail is wrong, was used, or is over.

done-mail-code-sent = The code is sent. Open the e-mail and enter the code here.
done-mail-confirmed = The address is confirmed.
done-mail-removed = You will get no more e-mails.

did-confirm-mail = Confirmed an e-mail address
did-remove-mail = Removed an e-mail address
did-send-mail-code = Sent a code to an e-mail address

## Letters

mail-code-subject = Your code
mail-code-text =
    The code that confirms your e-mail address:

    { $code }

    It works once, for { $minutes } minutes. If you did not ask for it, ignore this e-mail.
mail-daily-subject = something waits for you
mail-daily-count =
    { $count ->
        [one] One thing waits for you.
       *[other] { $count } things wait for you.
    }
mail-daily-text =
    { $count }

    See and do it at: { $home }

    To get no more of these e-mails: { $me }
