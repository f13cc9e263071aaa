# Classes and marks

classes-title = Classes
class = Class
classes-none = No class has marks yet.
classes-pupils = Pupils
classes-faulty = Returned, left out
classes-draft = Wait for the teacher
classes-teacher = Wait for the principal
classes-cosigned = Wait for the school's seal
classes-complete = Complete
classes-in-force = In force
class-import-title = Marks of a class
class-import-lead = Send the workbook of one class. Look first, then take it; while there is one fault, nothing is stored.
class-import-file = Workbook
class-import-hint = An .xlsx or .csv file, our template or the school's own table.
class-import-send = Look
class-import-again = Send another file
class-import-faulty = There are { $count } faults, so it cannot be taken yet. Mend them in the file and send it again.
class-import-annotated = Download your file with a comment at each cell to look at
class-import-ready = No faults are left: { $count } pupils.
class-import-take = Take the marks
sheets-title = How sheets are read
sheet-name = Sheet
sheet-role = Read as
sheet-unread = Columns not read
opening-no-year = { $school } has no open school year.

## A class

class-title = Class { $class }
class-of = { $school }, { $year }.
class-number = No.
class-empty = The class has no pupils yet.
class-sign = Sign the records
class-sign-lead = The homeroom teacher signs each record of the class; those left out are not signed.
class-sign-button = { $count ->
    [one] Sign one record
   *[other] Sign { $count } records
}
class-co-sign = Co-sign
class-co-sign-lead = The principal co-signs the records that the homeroom teacher signed.
class-co-sign-button = { $count ->
    [one] Co-sign one record
   *[other] Co-sign { $count } records
}
class-seal = Seal
class-seal-lead = The clerk puts the school's seal on the co-signed records.
class-seal-button = { $count ->
    [one] Seal one record
   *[other] Seal { $count } records
}

## A year on paper

convert-title = Bring in paper transcripts
convert-lead = A past year that stands on paper alone: send the marks of a class as copied from its paper transcripts. What is printed has the conversion mark; the principal co-signs and the school seals as ever.
convert-by = Who copied it from paper
convert-by-hint = Full name, printed on each record.
convert-compared = Who compared it with the paper
convert-compared-hint = Full name of a second person who compared each record with the paper.
convert-made-by = School that made the paper
convert-made-by-hint = Only if it is another one; its name as on the paper.
convert-paper = Which paper
convert-paper-hint = Like register 3, page 12.
convert-fault = Missing, or with odd characters.
convert-same = Who compared it has to be somebody else than who copied it.

## New versions

class-supersede = New versions take the place of old ones
class-supersede-lead = These corrections are signed and sealed. Sign this as well, and the old versions stop being in force; until then old paper still says that it is.
class-supersede-button = { $count ->
    [one] Sign that one version takes the old one's place
   *[other] Sign that { $count } versions take the old ones' places
}
