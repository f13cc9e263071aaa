# Pupils, parents and what they ask

## The school gives accounts

readers-title = Accounts of pupils and parents
readers-progress = { $active } of { $all } pupils have an account that works
readers-lead = Each account sees the transcript of one pupil and nothing else. Print the slips and hand them over in person.
readers-for = Print slips for
relation-guardian = Parent or guardian
relation-pupil = Pupil
readers-accounts = Accounts
readers-none = None yet
readers-no-book = No identifier yet, so no account
readers-chosen-hint = Choose nobody to print for the whole class. Nothing is printed for those who are active already.
readers-print = Print slips
readers-nobody = Choose parents, pupils or both.
readers-reset = Start again
readers-reset-whom = Start again: { $relation } of { $name }
readers-reset-lead = For a password that was forgotten. The old password and all sessions end at once.
reader-slips-title = Slips to see the transcript
reader-slips-lead = Print these now and hand them to each family. Whoever holds a slip can see the transcript.
reader-slip-for = { $relation }, class { $class }
reader-slip-how = Open { $address }/activate on a phone or computer, type the activation code and choose a password. From then on sign in with the login above.

## Requests to look again

requests-title = Requests to look again
requests-lead = Parents and pupils see the answer. Where the transcript is wrong, correct it by a new version; an answer changes nothing in it.
requests-none = No requests yet.
request-open = Waits for an answer
request-answered = Answered
request-withdrawn = Taken back
request-answer = Answer
request-answer-button = Send the answer
request-text = Write 1 to { $most } characters.
done-request-answered = The answer was sent.
done-request-asked = Your request was sent to the homeroom teacher.
done-request-withdrawn = The request was taken back.
done-link-withdrawn = It was withdrawn. Copies that somebody saved remain.

## My transcript

my-title = Transcript of { $name }
my-title-nameless = Transcript
my-home = Transcript of { $name }, class { $class }
my-books = Transcripts
my-as = You see it as
my-number = Number of the book
my-no-years = There is no school year yet.
my-year = School year { $year }, class { $class }
my-one-year = School year { $year }
my-soon = Sealed by the school, on its way into the public record.
my-not-yet = The school has not signed this year completely yet.
my-see = See the transcript
my-keep = Save the transcript file
my-ask = Ask to look again
my-asked-at = Asked { $at }
my-school-answers = The school answers
my-links = Links you shared
my-links-lead = Whoever has a link sees the part you chose, without an account. You see every look, and can withdraw it at any time.
my-links-none = No links yet.
my-link-school = Made by the school
my-link-by-school = A printed sheet or a link given by the school
my-link-everything = Everything
my-link-parts = { $count ->
    [one] one part
   *[other] { $count } parts
}
my-link-made-at = Made { $at }
my-link-until = open until { $at }
my-link-ended = ended { $at }
my-link-withdrawn = withdrawn { $at }
my-link-open = open until it is withdrawn
my-looks = { $count ->
    [one] one look
   *[other] { $count } looks
}
my-looks-none = Nobody has looked yet.
my-link-withdraw = Withdraw
my-link-new = Make a link
my-link-lead = Choose for whom, which years, which parts and until when. Whoever gets it can check the signatures of what you chose, and sees the names of the parts you did not share.
my-link-for = For whom
my-link-for-hint = Only you and your family's accounts see this line. Example: University of Technology, application 2027.
my-link-for-fault = Write for whom it is, in at most { $most } characters.
my-link-years = School years
my-link-extent = Content
my-link-some = Only these parts
my-link-terms = Each subject is signed with both terms and the year together, so single terms cannot be shared.
my-link-life = Open for
my-life-days = { $count ->
    [one] one day
   *[other] { $count } days
}
my-life-open = Until it is withdrawn
my-link-make = Make the link
my-link-nothing = Choose at least one year that is in force, and one part.
my-link-many = There are { $most } open links already. Withdraw some.
my-link-made = The link is made
my-link-once = This link is shown once. Copy, photograph or print it now; if it is lost, make another.
my-link-qr = QR code to see the transcript
my-link-lives-until = Open until: { $until }
my-request-title = Ask to look again
my-request-lead = The homeroom teacher gets this request and answers here. The transcript stays in force meanwhile.
my-request-text = What should be looked at
my-request-hint = At most { $most } characters. Say the subject, the term and the right value.
my-request-send = Send the request
my-request-open = A request about this year is waiting for an answer already.
my-request-withdraw = Take it back
