# Appointments

appointments-title = Appointments
appointments-lead = Who may sign at school { $school }.
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
