# School years

years-title = School years
years-lead = { $school }
years-none = The school has not opened a school year yet.
year-title = School year { $year }
year-classes = Classes
year-pupils = Pupils
year-unfinished = Without a sealed transcript
year-open-since = Open, since { $at }
year-closed-on = Closed on { $at }
year-closed-because = Closed on { $at }, because: { $reason }
year-open-title = Open a school year
year-open-lead = Then its lists of classes and pupils can be handed in.
year-open-button = Open the year
year-roll-lead = See who goes up, repeats or leaves; then make next year's class lists at once.
year-roll = Preview
year-close-title = Close the school year
year-close-lead = Lists of classes and pupils stay as they are. Signed transcripts can be corrected as ever.
year-close-unfinished = { $count ->
    [one] One pupil has no sealed transcript of this year.
   *[other] { $count } pupils have no sealed transcript of this year.
}
year-close-reason = Why it is closed all the same
year-close-reason-hint = It is kept with the year. Do not write names of pupils.
year-close-button = Close the year

roll-title = On to school year { $next }
roll-lead = From school year { $year } to { $next }. Proposals come from sealed transcripts; nothing is written before the button at the end of the page is pressed.
roll-open-first = School year { $next } is not open. Open it first.
roll-open-button = Open school year { $next }
roll-which = The school has ended and several go on with its work. To which school do the pupils go?
roll-nobody = This school year has no pupils yet.
roll-placed = { $placed } pupils will be put into classes; { $unchanged } have a class of next year and stay there.
roll-target = The pupils go to school { $school }, which goes on.
roll-undecided = { $count ->
    [one] One pupil is undecided: no sealed transcript, or one that waits for the summer. They are in no class yet; open their class to decide.
   *[other] { $count } pupils are undecided: no sealed transcript, or one that waits for the summer. They are in no class yet; open their class to decide.
}
roll-unnamed = It is not known what these are called next year: { $classes }. Write their names into the table.
roll-taken = These names cannot be used next year, since the class is of another grade or another school: { $classes }. Write other names into the table.
roll-by-class = By class
roll-all = Whole school
roll-promote = Go up
roll-repeat = Repeat
roll-leave = Leave
roll-transfer = Move away
roll-open = Undecided
roll-name = Next class
roll-name-of = What class { $class } is called next year
roll-new-classes = New classes: { $classes }
roll-safe = Done again it changes nothing: whoever has a class stays there. Transcripts of earlier years are not touched.
roll-button = Go on to the next year
roll-class-title = Class { $class } on to { $next }
roll-pupils-lead = Decide otherwise than proposed, pupil by pupil. Decisions are kept; whoever has a class of next year already is moved at once.
roll-into = Next class
roll-decision = Decision
roll-decided = Decided
roll-of-pupil = Decision for pupil number { $number }
roll-decide-button = Keep the decisions
done-school-changed = What became of the school is noted.
done-year-opened = The school year is open.
done-year-closed = The school year is closed.
done-rolled-over = Went on to the next year. The table below is how it stands now.
done-moves-decided = The decisions are kept.
done-nothing-changed = Nothing changed.
list-title = Hand in the department's list of schools
list-lead = The list has columns Mã trường, Tên trường and, if you like, Cấp học, on whatever sheet. Schools on it can be chosen for opening; handed in again, names are corrected.
list-known = { $count ->
    [0] There is no list yet.
    [one] The list has one school now.
   *[other] The list has { $count } schools now.
}
school-list-file = The list
list-file-hint = .xlsx or .csv, 8 MB at most.
list-button = Hand in the list
list-findings = { $count ->
    [one] One place has to be mended; nothing was written.
   *[other] { $count } places have to be mended; nothing was written.
}
list-findings-title = Places to mend
fault-list = The list has places to mend. Mend them and send it again.
done-list-taken = The list of schools was taken.
