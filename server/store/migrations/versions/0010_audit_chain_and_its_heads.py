"""Every audit entry is in the chain from its commit, none is changed or taken away, and heads are published.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from server.domain.chain import GENESIS, entry_hash

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEPT = ("audit", "audit_heads")
REFUSAL = """
create function only_added_to() returns trigger language plpgsql as $$
begin
  raise exception '% is only added to', tg_table_name using errcode = 'insufficient_privilege';
end $$
"""


def upgrade() -> None:
    """Make it so."""
    _chain_what_waits()
    op.drop_index("ix_audit_unsealed", table_name="audit", postgresql_where=sa.text("position is null"))
    op.alter_column("audit", "position", nullable=False)
    op.alter_column("audit", "hash", nullable=False)
    op.create_table(
        "audit_heads",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_heads")),
    )
    op.execute(REFUSAL)
    for table in KEPT:
        # Even the owner is refused; who switches the trigger off is found by the chain.
        op.execute(
            f"create trigger only_added_to before update or delete or truncate on {table} "
            "for each statement execute function only_added_to()"
        )


def _chain_what_waits() -> None:
    """Before, a clock chained entries a second after their commit."""
    connection = op.get_bind()
    head = connection.execute(
        sa.text("select position, hash from audit where position is not null order by position desc limit 1")
    ).first()
    last, previous = (head.position, bytes(head.hash)) if head else (0, GENESIS)
    waiting = connection.execute(sa.text("select * from audit where position is null order by id")).mappings().all()
    for position, row in enumerate(waiting, start=last + 1):
        previous = entry_hash(previous, {**row, "position": position})
        connection.execute(
            sa.text("update audit set position = :position, hash = :hash where id = :id"),
            {"position": position, "hash": previous, "id": row["id"]},
        )


def downgrade() -> None:
    """Take it back."""
    for table in KEPT:
        op.execute(f"drop trigger only_added_to on {table}")
    op.execute("drop function only_added_to()")
    op.drop_table("audit_heads")
    op.alter_column("audit", "hash", nullable=True)
    op.alter_column("audit", "position", nullable=True)
    op.create_index("ix_audit_unsealed", "audit", ["id"], unique=False, postgresql_where=sa.text("position is null"))
