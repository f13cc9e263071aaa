# Appointments

appointments-title = Appointments
appointments-lead = Who may sign at { $school }.
appointments-school = Appoint principal and seal
appointments-school-lead = People whose certificate is enrolled and who are not appointed yet.
appointments-homerooms = Assign homeroom teachers
appointments-homerooms-lead = Classes of { $year } whose homeroom teacher has a certificate and is not appointed yet. All are signed in one go.
appointments-sign-homerooms = { $count ->
    [one] Sign one homeroom teacher
   *[other] Sign { $count } homeroom teachers
}
appointments-sign-school = { $count ->
    [one] Sign one appointment
   *[other] Sign { $count } appointments
}
appointments-who = { $count ->
    [one] One person
   *[other] { $count } people
}
appointments-given = Appointed
appointments-none = Nobody yet.
appointments-class = { $role } { $class } ({ $year })
appointments-holds = Holds
appointments-end-hint = Choose somebody to replace them or end it.

## Ending, replacing

replace-title = End or replace
replace-over = This appointment is not in force any more.
replace-reason = Reason
replace-successor = Who takes the place
replace-successor-hint = People of the school whose certificate is enrolled. Whoever is missing here needs theirs enrolled first.
replace-no-successor = Nobody yet
replace-successor-fault = This person cannot take the place.
replace-decision = Number of the decision
replace-decision-hint = If there is one, like 12/QĐ-THCS. No names.
replace-decision-fault = The number is too long or has odd characters.
replace-since = Last day on which nobody else had the key for certain
replace-since-hint = Only for a key lost or stolen, like 5/6/2027. Records signed by it and recorded from that day on have to be issued anew.
replace-since-fault = A key lost or stolen needs the day, like 5/6/2027.
replace-since-only = This day goes with a key lost or stolen only.
replace-look = Look before signing
replace-choose-again = Choose again
replace-what-happens = Signing does all of this at once
replace-ends = { $name } is { $role } no longer: { $reason }.
replace-lost-since = Signatures by this key do not count on records that were recorded from { $day } on.
replace-next = { $name } is { $role } from now on.
replace-same-new-key = The class stays theirs; enrol their new certificate, then appoint them again.
replace-nobody = Nobody takes the place yet; what is left to do waits for who comes.
replace-sign = Sign
replace-sign-lead = What was signed before still counts, unless a key was lost or stolen.
replace-sign-both = Sign the end and the successor
replace-sign-end = Sign the end
