"""The first tables: from counties and accounts to responses and sealed dossiers."""

import sqlalchemy as sa
from alembic import op

revision = '0001_first_tables'
down_revision = None
branch_labels = None
depends_on = None

# Written once, never changed and never deleted: the database itself says so, not only the program.
APPEND_ONLY = ("audit_entries", "judgements", "veto_acts")


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def upgrade() -> None:
    op.create_table('accounts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(role = 'operator' AND length(scope) = 0) OR (role = 'province_inspector' AND length(scope) = 2) OR (role = 'city_inspector' AND length(scope) = 4) OR (role = 'county_administrator' AND length(scope) = 6)", name=op.f('ck_accounts_scope_fits_role')),
    sa.CheckConstraint("role IN ('operator', 'province_inspector', 'city_inspector', 'county_administrator')", name=op.f('ck_accounts_role_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('login', name=op.f('uq_accounts_login'))
    )
    op.create_table('counties',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('province', sa.String(), nullable=False),
    sa.Column('rule_set_id', sa.String(), nullable=False),
    sa.Column('residents', sa.Integer(), nullable=True),
    sa.Column('is_demonstration', sa.Boolean(), nullable=False),
    sa.CheckConstraint('length(code) = 6', name=op.f('ck_counties_code_has_six_digits')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counties')),
    sa.UniqueConstraint('code', name=op.f('uq_counties_code'))
    )
    op.create_table('failed_logins',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failed_logins'))
    )
    with op.batch_alter_table('failed_logins', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_failed_logins_login_at'), ['login', 'at'], unique=False)

    op.create_table('plans',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('document_number', sa.String(), nullable=False),
    sa.Column('issued_by', sa.String(), nullable=False),
    sa.Column('issued_on', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('rule_set_id', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plans'))
    )
    op.create_table('questionnaire_versions',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('form', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('stored_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_questionnaire_versions')),
    sa.UniqueConstraint('version', 'form', name=op.f('uq_questionnaire_versions_version_form'))
    )
    op.create_table('audit_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('county_code', sa.String(), nullable=True),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('detail', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_audit_entries_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entries_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entries_county_code'), ['county_code'], unique=False)

    op.create_table('judgements',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('part', sa.String(), nullable=False),
    sa.Column('value', sa.String(), nullable=True),
    sa.Column('judgement', sa.String(), nullable=True),
    sa.Column('level', sa.String(), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('judged_by', sa.String(), nullable=False),
    sa.CheckConstraint("judgement IN ('met', 'not_met', 'undecided', 'not_applicable')", name=op.f('ck_judgements_judgement_known')),
    sa.CheckConstraint('value IS NOT NULL OR judgement IS NOT NULL', name=op.f('ck_judgements_something_said')),
    sa.CheckConstraint("level IN ('county', 'city', 'province')", name=op.f('ck_judgements_level_known')),
    sa.ForeignKeyConstraint(['county_id'], ['counties.id'], name=op.f('fk_judgements_county_id_counties')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_judgements'))
    )
    with op.batch_alter_table('judgements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_judgements_county_id_year_code'), ['county_id', 'year', 'code'], unique=False)

    op.create_table('plan_remarks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('text_says', sa.String(), nullable=False),
    sa.Column('annex_says', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_plan_remarks_plan_id_plans'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_remarks')),
    sa.UniqueConstraint('plan_id', 'subject', name=op.f('uq_plan_remarks_plan_id_subject'))
    )
    op.create_table('plan_steps',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('time', sa.String(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('measures', sa.String(), nullable=False),
    sa.Column('target_counties', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_plan_steps_plan_id_plans'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_steps')),
    sa.UniqueConstraint('plan_id', 'step', name=op.f('uq_plan_steps_plan_id_step'))
    )
    op.create_table('plan_targets',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('county_id', sa.Integer(), nullable=False),
    sa.Column('measure', sa.String(), nullable=False),
    sa.Column('value', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['county_id'], ['counties.id'], name=op.f('fk_plan_targets_county_id_counties')),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_plan_targets_plan_id_plans'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_targets')),
    sa.UniqueConstraint('plan_id', 'county_id', 'measure', name=op.f('uq_plan_targets_plan_id_county_id_measure'))
    )
    op.create_table('school_files',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('sheet_name', sa.String(), nullable=True),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('original', sa.LargeBinary(), nullable=False),
    sa.Column('columns', sa.String(), nullable=False),
    sa.Column('n_schools', sa.Integer(), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('imported_by', sa.String(), nullable=False),
    sa.CheckConstraint('version >= 1', name=op.f('ck_school_files_version_counts_from_one')),
    sa.ForeignKeyConstraint(['county_id'], ['counties.id'], name=op.f('fk_school_files_county_id_counties')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_school_files')),
    sa.UniqueConstraint('county_id', 'year', 'version', name=op.f('uq_school_files_county_id_year_version'))
    )
    op.create_table('staff_sessions',
    sa.Column('id_hash', sa.LargeBinary(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_staff_sessions_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id_hash', name=op.f('pk_staff_sessions'))
    )
    with op.batch_alter_table('staff_sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_sessions_account_id'), ['account_id'], unique=False)

    op.create_table('surveys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('questionnaire_version', sa.String(), nullable=False),
    sa.Column('rule_set_id', sa.String(), nullable=False),
    sa.Column('residents', sa.Integer(), nullable=True),
    sa.Column('sampled_in_monitoring', sa.Boolean(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_early_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.CheckConstraint("purpose IN ('self_evaluation', 'review', 'provincial_evaluation', 'rehearsal')", name=op.f('ck_surveys_purpose_known')),
    sa.CheckConstraint('opens_at < closes_at', name=op.f('ck_surveys_window_has_length')),
    sa.CheckConstraint('residents IS NULL OR residents > 0', name=op.f('ck_surveys_residents_positive')),
    sa.CheckConstraint('sealed_at IS NULL OR sealed_at >= opens_at', name=op.f('ck_surveys_sealed_after_opening')),
    sa.ForeignKeyConstraint(['county_id'], ['counties.id'], name=op.f('fk_surveys_county_id_counties')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_surveys')),
    sa.UniqueConstraint('county_id', 'year', 'purpose', 'title', 'opens_at', 'closes_at', name=op.f('uq_surveys_county_id_year_purpose_title_opens_at_closes_at'))
    )
    with op.batch_alter_table('surveys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_surveys_county_id'), ['county_id'], unique=False)

    op.create_table('veto_acts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('level', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('acted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('acted_by', sa.String(), nullable=False),
    sa.CheckConstraint("level IN ('county', 'city', 'province')", name=op.f('ck_veto_acts_level_known')),
    sa.CheckConstraint("state IN ('unassessed', 'absent', 'raised', 'confirmed', 'dismissed')", name=op.f('ck_veto_acts_state_known')),
    sa.CheckConstraint("state NOT IN ('confirmed', 'dismissed') OR level <> 'county'", name=op.f('ck_veto_acts_decided_above_county')),
    sa.CheckConstraint('length(reason) > 0', name=op.f('ck_veto_acts_reason_given')),
    sa.ForeignKeyConstraint(['county_id'], ['counties.id'], name=op.f('fk_veto_acts_county_id_counties')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_veto_acts'))
    )
    with op.batch_alter_table('veto_acts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_veto_acts_county_id_year_code'), ['county_id', 'year', 'code'], unique=False)

    op.create_table('links',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('group_code', sa.String(), nullable=False),
    sa.Column('cluster', sa.String(), nullable=False),
    sa.Column('cluster_name', sa.String(), nullable=False),
    sa.Column('token', sa.String(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('issued_by', sa.String(), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("group_code IN ('student', 'parent', 'teacher', 'principal', 'deputy', 'cppcc', 'public')", name=op.f('ck_links_group_code_known')),
    sa.CheckConstraint('length(token) >= 22', name=op.f('ck_links_token_is_long')),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_links_survey_id_surveys'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_links')),
    sa.UniqueConstraint('token', name=op.f('uq_links_token'))
    )
    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_links_survey_id_group_code_cluster'), ['survey_id', 'group_code', 'cluster'], unique=False)

    op.create_table('school_records',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('school_file_id', sa.Integer(), nullable=False),
    sa.Column('source_row', sa.Integer(), nullable=False),
    sa.Column('school_code', sa.String(), nullable=False),
    sa.Column('school_name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('locality', sa.String(), nullable=False),
    sa.Column('cells', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['school_file_id'], ['school_files.id'], name=op.f('fk_school_records_school_file_id_school_files'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_school_records')),
    sa.UniqueConstraint('school_file_id', 'school_code', name=op.f('uq_school_records_school_file_id_school_code'))
    )
    op.create_table('sealed_dossiers',
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('dossier_sha256', sa.String(), nullable=False),
    sa.Column('public_part', sa.LargeBinary(), nullable=False),
    sa.Column('auditor_part', sa.LargeBinary(), nullable=False),
    sa.Column('verdict', sa.LargeBinary(), nullable=False),
    sa.Column('uncertainty', sa.LargeBinary(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sealed_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_sealed_dossiers_survey_id_surveys')),
    sa.PrimaryKeyConstraint('survey_id', name=op.f('pk_sealed_dossiers'))
    )
    op.create_table('survey_groups',
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('group_code', sa.String(), nullable=False),
    sa.Column('population', sa.Integer(), nullable=True),
    sa.Column('target', sa.Integer(), nullable=True),
    sa.CheckConstraint("group_code IN ('student', 'parent', 'teacher', 'principal', 'deputy', 'cppcc', 'public')", name=op.f('ck_survey_groups_group_code_known')),
    sa.CheckConstraint('population IS NULL OR population > 0', name=op.f('ck_survey_groups_population_positive')),
    sa.CheckConstraint('target >= 0', name=op.f('ck_survey_groups_target_not_negative')),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_survey_groups_survey_id_surveys'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('survey_id', 'group_code', name=op.f('pk_survey_groups'))
    )
    op.create_table('survey_keys',
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_survey_keys_survey_id_surveys'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('survey_id', name=op.f('pk_survey_keys'))
    )
    op.create_table('used_forms',
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('body_hash', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_used_forms_survey_id_surveys')),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_used_forms')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('used_forms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_used_forms_survey_id'), ['survey_id'], unique=False)

    op.create_table('responses',
    sa.Column('id', sa.LargeBinary(), nullable=False),
    sa.Column('survey_id', sa.Integer(), nullable=False),
    sa.Column('link_id', sa.Integer(), nullable=False),
    sa.Column('questionnaire_id', sa.String(), nullable=False),
    sa.Column('answers', sa.String(), nullable=False),
    sa.Column('flags', sa.String(), nullable=False),
    sa.Column('voided', sa.Boolean(), nullable=False),
    sa.CheckConstraint('length(answers) > 0', name=op.f('ck_responses_answers_present')),
    sa.CheckConstraint('length(id) = 16', name=op.f('ck_responses_id_is_random_128')),
    sa.ForeignKeyConstraint(['link_id'], ['links.id'], name=op.f('fk_responses_link_id_links')),
    sa.ForeignKeyConstraint(['questionnaire_id'], ['questionnaire_versions.id'], name=op.f('fk_responses_questionnaire_id_questionnaire_versions')),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_responses_survey_id_surveys')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_responses')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('responses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_responses_survey_id_link_id'), ['survey_id', 'link_id'], unique=False)

    _forbid_changes()


def downgrade() -> None:
    with op.batch_alter_table('responses', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_responses_survey_id_link_id'))

    op.drop_table('responses')
    with op.batch_alter_table('used_forms', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_used_forms_survey_id'))

    op.drop_table('used_forms')
    op.drop_table('survey_keys')
    op.drop_table('survey_groups')
    op.drop_table('sealed_dossiers')
    op.drop_table('school_records')
    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_links_survey_id_group_code_cluster'))

    op.drop_table('links')
    with op.batch_alter_table('veto_acts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_veto_acts_county_id_year_code'))

    op.drop_table('veto_acts')
    with op.batch_alter_table('surveys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_surveys_county_id'))

    op.drop_table('surveys')
    with op.batch_alter_table('staff_sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staff_sessions_account_id'))

    op.drop_table('staff_sessions')
    op.drop_table('school_files')
    op.drop_table('plan_targets')
    op.drop_table('plan_steps')
    op.drop_table('plan_remarks')
    with op.batch_alter_table('judgements', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_judgements_county_id_year_code'))

    op.drop_table('judgements')
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entries_county_code'))
        batch_op.drop_index(batch_op.f('ix_audit_entries_at'))

    op.drop_table('audit_entries')
    op.drop_table('questionnaire_versions')
    op.drop_table('plans')
    with op.batch_alter_table('failed_logins', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_failed_logins_login_at'))

    op.drop_table('failed_logins')
    op.drop_table('counties')
    op.drop_table('accounts')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
