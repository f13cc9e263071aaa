# What is still missing

opening-title = What is still missing
opening-of = { $school }, school year { $year }: what has to be done before the first class is signed.
opening-progress = { $settled } of { $all } done
opening-what = What
opening-how = How
opening-done = Done
opening-missing-one = Missing
opening-missing = { $missing } of { $of } missing
opening-waiting = { $waiting } wait for the public record
opening-blocked = Waits for something else
opening-optional = Not required
opening-page = Do it on a page
