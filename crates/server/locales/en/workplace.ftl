# Where homeroom teachers, principals and clerks work

todo-faults = Class { $class }: { $pupils } pupils, { $faults } faults left in the workbook
todo-marks-sent = Class { $class }: { $pupils } pupils, the workbook was sent and is not taken yet

left-out-reassessment = waiting for re-assessment
left-out-incomplete = marks or data missing
left-out-transferred = moved away
left-out-other = another reason
returned-mark = a wrong mark
returned-person = wrong data of the pupil
returned-result = a wrong result
returned-other = another reason
renewed-correction = correction
renewed-reassessment = re-assessment, training in summer
fault-reason = Choose a reason.
fault-note = The note is longer than 300 characters, or has characters that cannot be used.
cell-empty = empty

done-left-out = The pupil is left out. The class goes on without waiting.
done-taken-in = The pupil is back in the list.
done-returned = Returned to the homeroom teacher. The signatures there were are gone.

## A class

class-todo-returned = { $count } returned and not corrected: mend them in the workbook, take it again, sign again.
class-todo-left-out = { $count } pupils are left out. When they are ready, take the workbook again or take them back in.
class-needs = To look at first ({ $count })
class-rest = The other pupils ({ $count })
class-corrected = corrected, waiting to be signed again
class-version = version { $version }: { $why }
class-sign-again-button = Sign { $count } again
leave-out = Leave out
leave-out-one = Leave a pupil out
leave-out-which = Which pupil
choose-pupil = Choose a pupil
leave-out-reason = Why left out
take-in = Take back in
take-in-import = Take the workbook again to take the pupil back in
class-import-first = Marks or data are missing: take a workbook that has them, and the pupil is back in the list.
give-back = Return
return-which = Which record
return-all = All { $count } that wait
return-reason = Why returned
return-note = Note to the homeroom teacher
return-note-hint = Optional, 300 characters at most. Gone when the record is signed again.

## Signing

signing-continue-button = Go on with the { $count } left
signing-so-far = { $done } of { $all } records are signed.
signing-who = To be signed: { $count } pupils
signing-left-out = Left out: { $count } pupils
signing-scope = Sign at once

## Marks

class-import-some-ready = { $ready } pupils are ready, { $out } are left out or not ready.
class-import-leave = Leave out
class-import-before = left out so far: { $why }
class-import-not-ready = has faults, see below
class-import-mend-first = Mend in the file first
class-import-take-in = Leave out no more
class-import-leave-missing = A pupil with faults is mended in the file, or left out with a reason.
class-import-blocked = These records are signed, and the file says otherwise or has them no more. Have the principal return them first.
class-import-renewed = { $count } complete records would say something else. They get a new version with all signatures; the old one can still be checked.
class-import-renew = Why there is a new version
class-import-choose = Choose a reason
class-import-renew-missing = Choose why the complete records get a new version.

## Co-signing

review-title = Records to co-sign
seal-title = School seal
review-lead = { $records } records of { $classes } classes wait to be co-signed.
seal-lead = { $records } co-signed records of { $classes } classes wait for the school's seal.
review-nothing = No record waits here.
review-sign = Sign a class, a grade or the school
review-sign-lead = Co-sign what the homeroom teachers signed. hocba signer shows the list and asks once for all of it.
seal-sign-lead = Put the school's seal on what was co-signed. hocba signer shows the list and asks once for all of it.
review-school = The whole school
review-grade = Grade { $grade }
review-scope = { $what }: { $classes } classes, { $records } records
review-scope-class = Class { $class }: { $records } records
review-odd = Classes with something to look at
review-waiting = { $count } records wait
review-oddities = { $count } to look at
review-more = And { $count } more to look at: open the page of the class.
review-drawn = Look at a few records drawn at random
review-seen = seen

## What a task did

count-marks-renewed = { $count } records got a new version
count-marks-left-out = { $count } pupils are left out
